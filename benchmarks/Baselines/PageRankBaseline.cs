namespace Dpark.Baselines;

/// <summary>PageRank by hand: for each node the nodes that link to it, in one array; ranks in arrays. A node that nobody links to has no rank.</summary>
public sealed class PageRankBaseline
{
    private readonly int[] _starts;
    private readonly int[] _sources;
    private readonly int[] _outDegrees;

    /// <param name="nodeCount">Nodes, numbered from 0.</param>
    /// <param name="edgeCount">Edges, as <see cref="EdgeOf"/> gives them.</param>
    public PageRankBaseline(int nodeCount, long edgeCount)
    {
        _starts = new int[nodeCount + 1];
        _sources = new int[edgeCount];
        _outDegrees = new int[nodeCount];
        for (var edge = 0L; edge < edgeCount; edge++)
        {
            var (source, target) = EdgeOf(edge, nodeCount);
            _outDegrees[source]++;
            _starts[target + 1]++;
        }

        for (var node = 0; node < nodeCount; node++)
        {
            _starts[node + 1] += _starts[node];
        }

        var next = _starts.AsSpan(0, nodeCount).ToArray();
        for (var edge = 0L; edge < edgeCount; edge++)
        {
            var (source, target) = EdgeOf(edge, nodeCount);
            _sources[next[target]++] = (int)source;
        }
    }

    /// <summary>An edge, by its number. Two may be equal.</summary>
    public static (long Source, long Target) EdgeOf(long edge, int nodeCount) =>
        (KeyedRows.KeyOf(edge, nodeCount), KeyedRows.KeyOf(edge + (1L << 40), nodeCount));

    /// <summary>The rank after a step, from what other nodes contribute.</summary>
    public static double RankOf(double contributions) => 0.15 + (0.85 * contributions);

    /// <summary>For comparison: sums of additions in another order differ in their last digits.</summary>
    public static string CheckOf(long count, double sum, double weightedSum) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{count} ranks {sum:F3} {weightedSum:F1}");

    /// <summary>What a node adds to the second sum of <see cref="CheckOf"/>.</summary>
    public static double WeightOf(long node) => node % 1000;

    /// <summary>Runs so many steps from rank 1 for each node that links to others.</summary>
    public string Run(int iterationCount, int threadCount)
    {
        var nodeCount = _outDegrees.Length;
        var shares = new double[nodeCount];
        var ranks = new double[nodeCount];
        using var barrier = new Barrier(threadCount);
        Threads.Run(threadCount, index =>
        {
            var (start, end) = (nodeCount * index / threadCount, nodeCount * (index + 1) / threadCount);
            ranks.AsSpan(start..end).Fill(1.0);
            for (var iteration = 0; iteration < iterationCount; iteration++)
            {
                for (var node = start; node < end; node++)
                {
                    shares[node] = _outDegrees[node] == 0 ? 0 : ranks[node] / _outDegrees[node];
                }

                barrier.SignalAndWait();
                Step(shares, ranks, start, end);
                barrier.SignalAndWait();
            }
        });
        var (count, sum, weightedSum) = (0L, 0.0, 0.0);
        for (var node = 0; node < nodeCount; node++)
        {
            count += ranks[node] == 0 ? 0 : 1;
            sum += ranks[node];
            weightedSum += ranks[node] * WeightOf(node);
        }

        return CheckOf(count, sum, weightedSum);
    }

    private void Step(double[] shares, double[] ranks, int start, int end)
    {
        for (var node = start; node < end; node++)
        {
            var sum = 0.0;
            foreach (var source in _sources.AsSpan(_starts[node].._starts[node + 1]))
            {
                sum += shares[source];
            }

            ranks[node] = sum == 0 ? 0 : RankOf(sum);
        }
    }
}
