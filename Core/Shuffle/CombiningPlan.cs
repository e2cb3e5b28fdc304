using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>How what does not fit into memory is combined: by a task, for one shuffle. Used by the task's thread.</summary>
/// <param name="merge">Joins two combined values.</param>
/// <param name="subject">What is combined, in messages, such as <c>shuffle-7</c>.</param>
/// <param name="multiplier">That of the buffer of level 0; see <see cref="CombiningBuffer"/>.</param>
internal sealed class CombiningPlan<TKey, TValue>(
    Func<TValue, TValue, TValue> merge, string subject, ulong multiplier, MapOutputFiles files, ShuffleOptions options, TaskContext context)
{
    /// <summary>What writes pairs of a level by bucket.</summary>
    /// <param name="ranges">How; <see langword="null"/> for by the hashes of their keys.</param>
    public PartitioningMapWriter<TKey, TValue> NewSpreader(Partitioner? ranges, int level) =>
        new($"pairs of {subject}", files, options, ranges ?? new SpreadPartitioner(level), context);

    /// <summary>Combines the pairs of a bucket. See <see cref="OpenBucket{TKey, TIn, TOut}"/>.</summary>
    public BatchReader<(TKey Key, TValue Value)> Open(BatchReader<(TKey Key, TValue Value)> pairs, int level, int expectedKeys)
    {
        var buffer = CombiningBuffer.OfLevel<TKey, TValue>(merge, multiplier, level, context.Memory.Claim($"combining of {subject}", options.SpillThresholdBytes));
        buffer.Expect(expectedKeys);
        return level < SpreadReader.LastLevel
            ? new CombiningReader<TKey, TValue, TValue>(pairs, buffer, this, context, level)
            : new ReducingReader<TKey, TValue, TValue>(pairs, buffer, new SpillRuns<TKey, TValue>(files, options, Merging.Fold(merge), context), context);
    }
}
