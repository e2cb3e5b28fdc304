using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>
/// What one task spilled: files of pairs, each sorted by the stable hash of their keys. Used by the task's thread and disposed at its end.
/// </summary>
internal sealed class SpillRuns<TKey, TValue> : IDisposable
{
    private readonly MapOutputFiles _files;
    private readonly ShuffleOptions _options;
    private readonly MergeValues<TValue> _merge;
    private readonly TaskContext _context;
    private readonly RunFiles _runs;

    /// <param name="merge">Makes one value of the values that a key has in several runs.</param>
    public SpillRuns(MapOutputFiles files, ShuffleOptions options, MergeValues<TValue> merge, TaskContext context)
    {
        (_files, _options, _merge, _context) = (files, options, merge, context);
        _runs = new(options.MaxMergeWidth, runs => Write(() => Open(runs, inMemory: null)));
    }

    /// <summary>Whether nothing was spilled.</summary>
    public bool IsEmpty => _runs.IsEmpty;

    /// <summary>Writes a run.</summary>
    /// <param name="open">Opens the pairs, sorted by hash.</param>
    /// <exception cref="IOException">No disk could take it.</exception>
    public void Add(Func<BatchReader<(TKey Key, TValue Value)>> open) => _runs.Add(Write(open));

    /// <summary>Makes the runs few enough to be merged at once with what is in memory. Nothing is added afterwards.</summary>
    public void Complete() => _runs.Complete();

    /// <summary>Merges all runs and what is in memory.</summary>
    /// <param name="inMemory">Sorted by hash; disposed with the result.</param>
    public BatchReader<(TKey Key, TValue Value)> Open(BatchReader<(TKey Key, TValue Value)> inMemory) => Open(_runs.Files, inMemory);

    /// <summary>Closes and so deletes the files.</summary>
    public void Dispose() => _runs.Dispose();

    private RunMerger<TKey, TValue> Open(SpillFile[] runs, BatchReader<(TKey Key, TValue Value)>? inMemory)
    {
        var sources = new List<BatchReader<(TKey Key, TValue Value)>>(runs.Length + 1);
        foreach (var run in runs)
        {
            sources.Add(new BucketReader<(TKey Key, TValue Value)>(run.Open(0)));
        }

        if (inMemory is not null)
        {
            sources.Add(inMemory);
        }

        return new RunMerger<TKey, TValue>(sources, _merge);
    }

    private SpillFile Write(Func<BatchReader<(TKey Key, TValue Value)>> open)
    {
        var shape = RecordBlock.ShapeHash(RecordCodec<(TKey Key, TValue Value)>.Default);
        var run = _files.Spill(
            _context.Attempt.Application, 1, shape, writer => PairFrames.Write(writer, 1, _ => open(), _options, _context.CancellationToken));
        _context.Metrics.SpilledBytes += run.Length;
        return run;
    }
}
