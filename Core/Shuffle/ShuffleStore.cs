using System.Runtime.InteropServices;
using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Sorting;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>The shuffles of one worker. Own map outputs are read as files, others through the block servers of their workers. Thread-safe.</summary>
/// <remarks>
/// <para>A map task writes one file with a bucket per reduce partition. With an aggregator its pairs are combined in a table first (<see cref="KeyIndex{TKey}"/>);
/// when the table is full, pairs of other keys are spread over buckets on disk, which are combined one by one at the end (<see cref="CombiningReader{TKey, TIn, TOut}"/>). Without
/// one, pairs are encoded as they come, and go to the output's file segment by segment (<see cref="GrowingOutput"/>).</para>
/// <para>A reduce task streams its bucket of every output, and combines it in the same way. To group, it writes a full table as a run, sorted by hash, and merges the runs.</para>
/// <para>A crash in the middle of a write leaves a temporary file that nobody looks at and that the worker's clean-up deletes; a spill file leaves nothing.
/// A file that cannot be read, or whose checksum is wrong, is a <see cref="FetchFailedException"/>: its map runs again, and no wrong data is ever used.</para>
/// </remarks>
/// <param name="worker">This worker: outputs that name it are in <paramref name="files"/>.</param>
public sealed class ShuffleStore(WorkerId worker, MapOutputFiles files, IMapOutputSource outputs, BlockClient client, ShuffleOptions options) : IShuffleStore
{
    /// <inheritdoc/>
    public MapOutput WriteMapOutput<TKey, TValue, TCombined>(
        ShuffleId shuffle,
        int mapIndex,
        BatchReader<(TKey Key, TValue Value)> input,
        Partitioner partitioner,
        Aggregator<TValue, TCombined>? aggregator,
        TaskContext context)
        where TKey : notnull
    {
        var attempt = AttemptOf(context.Attempt);
        var (starts, recordCount) = aggregator is null
            ? WriteAll(shuffle, mapIndex, attempt, input, partitioner, context)
            : WriteCombined(shuffle, mapIndex, attempt, input, partitioner, aggregator, context);
        context.Metrics.ShuffleBytesWritten += starts.Length;
        context.Metrics.ShuffleRecordsWritten += recordCount;
        return new MapOutput(mapIndex, worker, attempt, ImmutableCollectionsMarshal.AsImmutableArray(starts.BucketBytes()), recordCount);
    }

    /// <inheritdoc/>
    public long[] BucketBytes(ShuffleId shuffle, TaskContext context)
    {
        long[] sums = [];
        foreach (var location in outputs.Get(shuffle, context.MapOutputEpoch, context.CancellationToken))
        {
            var bytes = location.Output.BucketBytes.AsSpan();
            sums = sums.Length == 0 ? new long[bytes.Length] : sums;
            for (var bucket = 0; bucket < bytes.Length; bucket++)
            {
                sums[bucket] += bytes[bucket];
            }
        }

        return sums;
    }

    /// <inheritdoc/>
    public long[] MapBytes(ShuffleId shuffle, BucketRange buckets, TaskContext context) =>
        [.. outputs.Get(shuffle, context.MapOutputEpoch, context.CancellationToken).Select(location => location.Output.BytesOf(buckets))];

    /// <inheritdoc/>
    public (long PairCount, long Bytes) Measure(ShuffleId shuffle, BucketRange buckets, MapRange maps, TaskContext context)
    {
        var (pairs, bytes) = (0.0, 0L);
        foreach (var location in outputs.Get(shuffle, context.MapOutputEpoch, context.CancellationToken))
        {
            if (maps.Contains(location.Output.MapIndex) && location.Output.BytesOf(buckets) is > 0 and var some)
            {
                bytes += some;
                pairs += (double)location.Output.RecordCount * some / location.Output.BytesOf(new BucketRange(0, location.Output.BucketBytes.Length));
            }
        }

        return ((long)pairs, bytes);
    }

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> ReadBucket<TKey, TCombined>(ShuffleId shuffle, BucketRange buckets, TaskContext context)
        where TKey : notnull => ReadBucket<TKey, TCombined>(shuffle, buckets, MapRange.All, context);

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> ReadBucket<TKey, TCombined>(ShuffleId shuffle, BucketRange buckets, MapRange maps, TaskContext context)
        where TKey : notnull =>
        new MapOutputReader<(TKey Key, TCombined Value)>(shuffle, buckets, worker, files, outputs, client, options, context) { Maps = maps };

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> ReadCombined<TKey, TCombined>(
        ShuffleId shuffle, BucketRange buckets, Func<TCombined, TCombined, TCombined> merge, TaskContext context)
        where TKey : notnull =>
        new CombiningReader<TKey, TCombined, TCombined>(
            ReadBucket<TKey, TCombined>(shuffle, buckets, context),
            CombiningBuffer.OfReduceSide<TKey, TCombined>(merge, context.Memory.Claim($"combining of {shuffle}", options.SpillThresholdBytes)),
            new CombiningPlan<TKey, TCombined>(merge, shuffle.ToString(), CombiningBuffer.ReduceSideMultiplier, files, options, context),
            context);

    /// <inheritdoc/>
    public BatchReader<T> ReadSorted<T, TKey>(
        ShuffleId shuffle, BucketRange buckets, Func<T, TKey> keySelector, IComparer<TKey>? comparer, bool isDescending, TaskContext context) =>
        new SortingReader<T, TKey>(
            arena => new MapOutputReader<(long Key, T Value)>(shuffle, buckets, worker, files, outputs, client, options, context, arena),
            () => Measure(shuffle, buckets, MapRange.All, context),
            new SortOrder<T, TKey>(keySelector, comparer, isDescending),
            openRun => SpillSorted(openRun, context),
            options,
            context);

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TValue[] Values)> ReadGrouped<TKey, TValue>(ShuffleId shuffle, BucketRange buckets, TaskContext context)
        where TKey : notnull =>
        new GroupingPlan<TKey, TValue>(shuffle.ToString(), files, options, context).Open(
            ReadBucket<TKey, TValue>(shuffle, buckets, context), () => Measure(shuffle, buckets, MapRange.All, context).PairCount);

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> Combine<TKey, TValue, TCombined>(
        BatchReader<(TKey Key, TValue Value)> pairs, Aggregator<TValue, TCombined> aggregator, TaskContext context)
        where TKey : notnull =>
        new CombiningReader<TKey, TValue, TCombined>(
            pairs,
            CombiningBuffer.OfMapSide<TKey, TValue, TCombined>(aggregator, context.Memory.Claim("combining", options.SpillThresholdBytes)),
            new CombiningPlan<TKey, TCombined>(aggregator.MergeCombined, "a partition", CombiningBuffer.MapSideMultiplier, files, options, context),
            context);

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TValue[] Values)> Group<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> pairs, bool isByHash, TaskContext context)
        where TKey : notnull
    {
        var plan = new GroupingPlan<TKey, TValue>("a partition", files, options, context);
        return isByHash ? plan.OpenByHash(pairs, isByHash) : plan.Open(pairs);
    }

    /// <inheritdoc/>
    public ISpreadPairs<TKey, TValue> Spread<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> pairs, Partitioner partitioner, TaskContext context)
        where TKey : notnull
    {
        using (pairs)
        {
            using var writer = new PartitioningMapWriter<TKey, TValue>("pairs", files, options, partitioner, context);
            return writer.Spread(pairs);
        }
    }

    // The number of a file must differ between all attempts at a map, also between those of different attempts at its stage.
    private static int AttemptOf(TaskAttemptId attempt) => (attempt.StageAttempt << 16) | (attempt.Attempt & 0xFFFF);

    private SpillFile SpillSorted<T>(Func<BatchReader<(long Key, T Value)>> openRun, TaskContext context)
    {
        var shape = RecordBlock.ShapeHash(RecordCodec<(long Key, T Value)>.Default);
        var file = files.Spill(context.Attempt.Application, 1, shape, writer => PairFrames.Write(writer, 1, _ => openRun(), options, context.CancellationToken));
        context.Metrics.SpilledBytes += file.Length;
        return file;
    }

    private (BucketStarts Starts, long RecordCount) WriteAll<TKey, TValue>(
        ShuffleId shuffle, int mapIndex, int attempt, BatchReader<(TKey Key, TValue Value)> input, Partitioner partitioner, TaskContext context)
    {
        using var writer = new PartitioningMapWriter<TKey, TValue>(shuffle.ToString(), files, options, partitioner, context);
        return writer.Write(input, shuffle, mapIndex, attempt);
    }

    private (BucketStarts Starts, long RecordCount) WriteCombined<TKey, TValue, TCombined>(
        ShuffleId shuffle,
        int mapIndex,
        int attempt,
        BatchReader<(TKey Key, TValue Value)> input,
        Partitioner partitioner,
        Aggregator<TValue, TCombined> aggregator,
        TaskContext context)
    {
        using var writer = new CombiningMapWriter<TKey, TValue, TCombined>(shuffle, mapIndex, files, options, partitioner, aggregator, context);
        return writer.Write(input, attempt);
    }
}
