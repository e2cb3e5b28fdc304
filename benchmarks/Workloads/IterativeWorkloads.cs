using Dpark.Baselines;
using Dpark.Caching;
using Dpark.Rdds;

namespace Dpark.Workloads;

/// <summary>W5: PageRank with cached links, on disk where memory ends. The links are made before, as they are for the plain code.</summary>
internal sealed class PageRankWorkload : EngineWorkload
{
    private const int IterationCount = 10;
    private const int EdgesPerNode = 10;

    public override string Name => "W5";

    public override string Description => "10 iterations of PageRank with cached links, beside arrays on two threads";

    public override async Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken)
    {
        var edgeCount = factor * run.Pick(10_000, 1_000_000, 10_000_000, 50_000_000);
        var nodeCount = edgeCount / EdgesPerNode;
        var links = dpark.Range(0, edgeCount).Map(edge => PageRankBaseline.EdgeOf(edge, nodeCount)).GroupByKey().Persist(StorageLevel.MemoryAndDisk);
        await links.CountAsync(cancellationToken);
        var baseline = new PageRankBaseline(nodeCount, edgeCount);
        return new WorkloadSides(
            run.Timed(() => RunAsync(links, cancellationToken)),
            run.TimedPlain(() => baseline.Run(IterationCount, 2)),
            () => (long)edgeCount * IterationCount);
    }

    private static async Task<string> RunAsync(Rdd<(long Key, long[] Values)> links, CancellationToken cancellationToken)
    {
        var ranks = links.MapValues(_ => 1.0);
        for (var iteration = 0; iteration < IterationCount; iteration++)
        {
            ranks = links.Join(ranks)
                .FlatMap<(long, double)>((node, shares) => shares.AddPairs(node.Value.Left, node.Value.Right / node.Value.Left.Length))
                .ReduceByKey((a, b) => a + b)
                .MapValues(contributions => PageRankBaseline.RankOf(contributions));
        }

        var (count, sum, weightedSum) = await ranks.AggregateAsync(
            (Count: 0L, Sum: 0.0, WeightedSum: 0.0),
            (total, rank) => (total.Count + 1, total.Sum + rank.Value, total.WeightedSum + (rank.Value * PageRankBaseline.WeightOf(rank.Key))),
            (a, b) => (a.Count + b.Count, a.Sum + b.Sum, a.WeightedSum + b.WeightedSum),
            cancellationToken);
        return PageRankBaseline.CheckOf(count, sum, weightedSum);
    }
}

/// <summary>W6: k-means with cached points, on disk where memory ends. The points are made before, as they are for the plain code.</summary>
internal sealed class KMeansWorkload : EngineWorkload
{
    private const int IterationCount = 10;

    public override string Name => "W6";

    public override string Description => "10 iterations of k-means over cached points, beside arrays on two threads";

    public override async Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken)
    {
        var pointCount = factor * run.Pick(10_000, 1_000_000, 5_000_000, 20_000_000);
        var points = dpark.Range(0, pointCount).Map(KMeansBaseline.PointOf).Persist(StorageLevel.MemoryAndDisk);
        await points.CountAsync(cancellationToken);
        var baseline = new KMeansBaseline(pointCount);
        return new WorkloadSides(
            run.Timed(() => RunAsync(points, cancellationToken)),
            run.TimedPlain(() => baseline.Run(IterationCount, 2)),
            () => (long)pointCount * IterationCount);
    }

    private static async Task<string> RunAsync(Rdd<double[]> points, CancellationToken cancellationToken)
    {
        var centers = KMeansBaseline.StartingCenters();
        for (var iteration = 0; iteration < IterationCount; iteration++)
        {
            var current = centers;
            var sums = await points.AggregateAsync(
                new double[KMeansBaseline.SumsLength],
                (sum, point) =>
                {
                    KMeansBaseline.Add(point, current, sum);
                    return sum;
                },
                (left, right) => [.. left.Zip(right, (a, b) => a + b)],
                cancellationToken);
            centers = KMeansBaseline.NextCenters(current, sums);
        }

        return KMeansBaseline.CheckOf(centers);
    }
}
