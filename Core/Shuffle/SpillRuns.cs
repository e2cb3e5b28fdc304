using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>
/// What one task spilled: files of pairs, each sorted by the stable hash of their keys. Used by the task's thread and disposed at its end.
/// </summary>
/// <param name="merge">Makes one value of the values that a key has in several runs.</param>
internal sealed class SpillRuns<TKey, TValue>(
    MapOutputFiles files, ShuffleOptions options, MergeValues<TValue> merge, TaskContext context) : IDisposable
{
    // Ordered by falling level: a run of level 0 was in memory, one of level n + 1 was merged from runs of level n. So a pair is copied once per level.
    private readonly List<(SpillFile File, int Level)> _runs = [];

    /// <summary>Whether nothing was spilled.</summary>
    public bool IsEmpty => _runs.Count == 0;

    /// <summary>Writes a run.</summary>
    /// <param name="open">Opens the pairs, sorted by hash.</param>
    /// <exception cref="IOException">No disk could take it.</exception>
    public void Add(Func<BatchReader<(TKey Key, TValue Value)>> open)
    {
        _runs.Add((Write(open), 0));
        while (_runs.Count(run => run.Level == _runs[^1].Level) is var count && count >= options.MaxMergeWidth)
        {
            MergeLast(count);
        }
    }

    /// <summary>Makes the runs few enough to be merged at once with what is in memory. Nothing is added afterwards.</summary>
    public void Complete()
    {
        while (_runs.Count >= options.MaxMergeWidth && _runs.Count > 1)
        {
            MergeLast(Math.Clamp(_runs.Count - options.MaxMergeWidth + 2, 2, Math.Min(options.MaxMergeWidth, _runs.Count)));
        }
    }

    /// <summary>Merges all runs and what is in memory.</summary>
    /// <param name="inMemory">Sorted by hash; disposed with the result.</param>
    public BatchReader<(TKey Key, TValue Value)> Open(BatchReader<(TKey Key, TValue Value)> inMemory) => Open(_runs.Count, inMemory);

    /// <summary>Closes and so deletes the files.</summary>
    public void Dispose()
    {
        foreach (var (file, _) in _runs)
        {
            file.Dispose();
        }

        _runs.Clear();
    }

    private RunMerger<TKey, TValue> Open(int count, BatchReader<(TKey Key, TValue Value)>? inMemory)
    {
        var sources = new List<BatchReader<(TKey Key, TValue Value)>>(count + 1);
        foreach (var (file, _) in _runs.TakeLast(count))
        {
            sources.Add(new BucketReader<(TKey Key, TValue Value)>(file.Open(0)));
        }

        if (inMemory is not null)
        {
            sources.Add(inMemory);
        }

        return new RunMerger<TKey, TValue>(sources, merge);
    }

    private void MergeLast(int count)
    {
        var merged = Write(() => Open(count, inMemory: null));
        var level = _runs[^count].Level + 1;
        foreach (var (file, _) in _runs.TakeLast(count))
        {
            file.Dispose();
        }

        _runs.RemoveRange(_runs.Count - count, count);
        _runs.Add((merged, level));
    }

    private SpillFile Write(Func<BatchReader<(TKey Key, TValue Value)>> open)
    {
        var shape = RecordBlock.ShapeHash(RecordCodec<(TKey Key, TValue Value)>.Default);
        var run = files.Spill(
            context.Attempt.Application, 1, shape, writer => PairFrames.Write(writer, 1, _ => open(), options, context.CancellationToken));
        context.Metrics.SpilledBytes += run.Length;
        return run;
    }
}
