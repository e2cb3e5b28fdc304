using System.Diagnostics.CodeAnalysis;
using Dpark.Baselines;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.TestKit;

namespace Dpark.Workloads;

/// <summary>W1a: how often each word of a text comes, with one string per line and per word. All counts end in the driver.</summary>
internal sealed class WordCountWorkload : Workload
{
    private const ulong Seed = 20_260_601;

    public override string Name => "W1a";

    public override string Description => "word count with string lambdas, beside C# with Split and a dictionary, on two threads and (W1a-one) with File.ReadLines on one";

    [SuppressMessage("Performance", "CA1861:Avoid constant arrays as arguments", Justification = "The lambda is what a user writes.")]
    public override async Task<IReadOnlyList<WorkloadResult>> RunAsync(WorkloadRun run, CancellationToken cancellationToken)
    {
        var path = run.PathOf("words.txt");
        var bytes = new ZipfText(Seed).WriteFile(path, run.Size switch { WorkloadSize.Small => 200_000_000, WorkloadSize.Medium => 1_000_000_000, _ => 4_000_000_000 });
        await using var dpark = await Engine.StartAsync(cancellationToken);
        var time = run.TimeProvider;
        var words = 0L;

        var sides = await run.MeasureAsync(
            cancellationToken,
            async () =>
            {
                var startedAt = time.GetTimestamp();
                var counts = await dpark.TextFile(path)
                    .FlatMap(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                    .Map(word => (word, 1L))
                    .ReduceByKey((a, b) => a + b)
                    .CollectAsync(cancellationToken);
                var seconds = time.GetElapsedTime(startedAt).TotalSeconds;
                words = counts.Sum(pair => pair.Value);
                return new Sample(seconds, Check(counts));
            },
            () => Task.FromResult(Baseline(() => WordCountBaseline.CountOnThreads(path, 2))),
            () => Task.FromResult(Baseline(() => WordCountBaseline.CountOnOneThread(path))));

        var spilled = dpark.Totals.SpilledBytes;
        File.Delete(path);
        return [sides[0].Beside(sides[1], Name, words, bytes, spilled), sides[0].Beside(sides[2], $"{Name}-one", words, bytes, spilled)];

        Sample Baseline(Func<Dictionary<string, long>> count)
        {
            var startedAt = time.GetTimestamp();
            var counts = count();
            var seconds = time.GetElapsedTime(startedAt).TotalSeconds;
            return new Sample(seconds, Check(counts.Select(pair => (pair.Key, pair.Value))));
        }
    }

    // A sum does not depend on the order.
    private static string Check(IEnumerable<(string Word, long Count)> counts)
    {
        var (distinct, sum) = (0L, 0UL);
        foreach (var (word, count) in counts)
        {
            distinct++;
            sum += StableHash.Of(word) * (ulong)count;
        }

        return $"{distinct} words {sum:x16}";
    }
}
