using System.Diagnostics.CodeAnalysis;
using Dpark.Baselines;
using Dpark.Rdds;
using Dpark.TestKit;

namespace Dpark.Workloads;

/// <summary>How often each word of a text comes. All counts end in the driver.</summary>
internal abstract class TextWorkload : EngineWorkload
{
    private const ulong Seed = 20_260_601;

    public sealed override Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken)
    {
        var path = run.PathOf($"words-{factor}.txt");
        var bytes = new ZipfText(Seed).WriteFile(path, factor * run.Pick(1_000_000L, 200_000_000, 1_000_000_000, 4_000_000_000));
        var words = 0L;
        return Task.FromResult(new WorkloadSides(
            run.Timed(() => CountAsync(dpark, path, cancellationToken), counts =>
            {
                words = counts.Sum(pair => pair.Count);
                return Check(counts);
            }),
            run.TimedPlain(() => CountPlain(path), counts => Check(counts.Select(pair => (pair.Key, pair.Value)))),
            () => words,
            bytes,
            path));
    }

    /// <summary>The engine's job.</summary>
    protected abstract Task<(string Word, long Count)[]> CountAsync(DparkContext dpark, string path, CancellationToken cancellationToken);

    /// <summary>The plain code.</summary>
    protected abstract Dictionary<string, long> CountPlain(string path);

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

/// <summary>W1a: with one string per line and per word.</summary>
internal sealed class WordCountWorkload : TextWorkload
{
    public override string Name => "W1a";

    public override string Description => "word count with string lambdas, beside C# with Split and a dictionary on two threads";

    [SuppressMessage("Performance", "CA1861:Avoid constant arrays as arguments", Justification = "The lambda is what a user writes.")]
    protected override async Task<(string Word, long Count)[]> CountAsync(DparkContext dpark, string path, CancellationToken cancellationToken) =>
        await dpark.TextFile(path)
            .FlatMap(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Map(word => (word, 1L))
            .ReduceByKey((a, b) => a + b)
            .CollectAsync(cancellationToken);

    protected override Dictionary<string, long> CountPlain(string path) => WordCountBaseline.CountOnThreads(path, 2);
}

/// <summary>W1b: beside code that makes no strings.</summary>
internal sealed class Utf8WordCountWorkload : TextWorkload
{
    public override string Name => "W1b";

    public override string Description => "word count on UTF-8 texts, beside C# with UTF-8 spans and an open hash table on two threads";

    protected override async Task<(string Word, long Count)[]> CountAsync(DparkContext dpark, string path, CancellationToken cancellationToken) =>
        await dpark.Utf8TextFile(path)
            .FlatMap(line => line.Split(' '))
            .Map(word => (word, 1L))
            .ReduceByKey((a, b) => a + b)
            .Map(pair => (pair.Key.ToString(), pair.Value))
            .CollectAsync(cancellationToken);

    protected override Dictionary<string, long> CountPlain(string path) => Utf8WordCountBaseline.CountOnThreads(path, 2);
}
