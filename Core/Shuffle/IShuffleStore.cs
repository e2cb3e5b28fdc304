using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>The shuffles of one worker, as a task sees them: map outputs as files of this worker, and streams from all workers. Thread-safe.</summary>
public interface IShuffleStore
{
    /// <summary>Writes the output of one map task: a bucket per reduce partition, committed as one file.</summary>
    /// <param name="aggregator">Combines values of a key before they are written; <see langword="null"/> writes every pair.</param>
    /// <returns>The committed output. On an exception or a cancellation no file is left.</returns>
    MapOutput WriteMapOutput<TKey, TValue, TCombined>(
        ShuffleId shuffle,
        int mapIndex,
        BatchReader<(TKey Key, TValue Value)> input,
        Partitioner partitioner,
        Aggregator<TValue, TCombined>? aggregator,
        TaskContext context)
        where TKey : notnull;

    /// <summary>The stored bytes of each bucket, of all map outputs together. Empty if there is no map output.</summary>
    /// <exception cref="FetchFailedException">A map output is missing: some are being computed again.</exception>
    long[] BucketBytes(ShuffleId shuffle, TaskContext context);

    /// <summary>The stored bytes of some buckets, of each map output. Empty if there is no map output.</summary>
    /// <exception cref="FetchFailedException">A map output is missing: some are being computed again.</exception>
    long[] MapBytes(ShuffleId shuffle, BucketRange buckets, TaskContext context);

    /// <summary>About how many pairs some map outputs have in some buckets, if pairs of all buckets take the same space, and the stored bytes of these. Zeros if there are none.</summary>
    /// <exception cref="FetchFailedException">A map output is missing: some are being computed again.</exception>
    (long PairCount, long Bytes) Measure(ShuffleId shuffle, BucketRange buckets, MapRange maps, TaskContext context);

    /// <summary>Streams the pairs of one reduce partition from all map outputs, in no particular order, as written.</summary>
    /// <param name="buckets">The buckets that are the partition.</param>
    /// <exception cref="FetchFailedException">A map output could not be read, on the first batch or later; what was read before is void.</exception>
    BatchReader<(TKey Key, TCombined Value)> ReadBucket<TKey, TCombined>(ShuffleId shuffle, BucketRange buckets, TaskContext context)
        where TKey : notnull;

    /// <summary>As the other one, from some map outputs only: one part of a partition.</summary>
    /// <param name="maps">The map outputs that are read.</param>
    /// <exception cref="FetchFailedException">As with the other one; also while a map output is missing that is not read.</exception>
    BatchReader<(TKey Key, TCombined Value)> ReadBucket<TKey, TCombined>(ShuffleId shuffle, BucketRange buckets, MapRange maps, TaskContext context)
        where TKey : notnull;

    /// <summary>As <c>ReadBucket</c>, with all values of a key merged into one pair. Memory is bounded: partial results spill to work directories.</summary>
    BatchReader<(TKey Key, TCombined Value)> ReadCombined<TKey, TCombined>(
        ShuffleId shuffle, BucketRange buckets, Func<TCombined, TCombined, TCombined> merge, TaskContext context)
        where TKey : notnull;

    /// <summary>
    /// Streams the values of one reduce partition in the order of their keys, equal ones in the order of the map tasks and of their output. The shuffle is one without an
    /// aggregator whose keys tell the map task; see <see cref="Rdd{T}.SortBy"/>. Memory is bounded: sorted runs spill to work directories.
    /// </summary>
    /// <param name="comparer"><see langword="null"/>: the default order of the keys.</param>
    BatchReader<T> ReadSorted<T, TKey>(
        ShuffleId shuffle, BucketRange buckets, Func<T, TKey> keySelector, IComparer<TKey>? comparer, bool isDescending, TaskContext context);

    /// <summary>As <c>ReadBucket</c>, with the values of a key gathered into one array, in no particular order.</summary>
    BatchReader<(TKey Key, TValue[] Values)> ReadGrouped<TKey, TValue>(ShuffleId shuffle, BucketRange buckets, TaskContext context)
        where TKey : notnull;

    /// <summary>Gives one pair per key, its values combined. Memory is bounded as in <see cref="ReadCombined"/>.</summary>
    /// <param name="pairs">Read to its end, and disposed with the result.</param>
    BatchReader<(TKey Key, TCombined Value)> Combine<TKey, TValue, TCombined>(
        BatchReader<(TKey Key, TValue Value)> pairs, Aggregator<TValue, TCombined> aggregator, TaskContext context)
        where TKey : notnull;

    /// <summary>Gives one pair per key, its values gathered, those of a key in the order of the pairs unless it spills. Memory is bounded as in <see cref="ReadCombined"/>.</summary>
    /// <param name="pairs">Read to its end, and disposed with the result.</param>
    /// <param name="isByHash">Whether the result comes in the order of the keys' stable hashes.</param>
    BatchReader<(TKey Key, TValue[] Values)> Group<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> pairs, bool isByHash, TaskContext context)
        where TKey : notnull;

    /// <summary>Writes pairs to files of this worker, each to its bucket. Memory is bounded. On an exception or a cancellation no file is left.</summary>
    /// <param name="pairs">Read to its end at once, and disposed.</param>
    /// <param name="partitioner">Says the bucket of each key.</param>
    /// <exception cref="IOException">No disk could take it.</exception>
    ISpreadPairs<TKey, TValue> Spread<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> pairs, Partitioner partitioner, TaskContext context)
        where TKey : notnull;
}
