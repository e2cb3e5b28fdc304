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

    /// <summary>Streams the pairs of one reduce partition from all map outputs, in no particular order, as written.</summary>
    /// <exception cref="FetchFailedException">A map output could not be read, on the first batch or later; what was read before is void.</exception>
    BatchReader<(TKey Key, TCombined Value)> ReadBucket<TKey, TCombined>(ShuffleId shuffle, int reduceIndex, TaskContext context)
        where TKey : notnull;

    /// <summary>As <see cref="ReadBucket"/>, with all values of a key merged into one pair. Memory is bounded: partial results spill to work directories.</summary>
    BatchReader<(TKey Key, TCombined Value)> ReadCombined<TKey, TCombined>(
        ShuffleId shuffle, int reduceIndex, Func<TCombined, TCombined, TCombined> merge, TaskContext context)
        where TKey : notnull;

    /// <summary>
    /// Streams the values of one reduce partition in the order of their keys, equal ones in the order of the map tasks and of their output. The shuffle is one without an
    /// aggregator whose keys tell the map task; see <see cref="Rdd{T}.SortBy"/>. Memory is bounded: sorted runs spill to work directories.
    /// </summary>
    /// <param name="comparer"><see langword="null"/>: the default order of the keys.</param>
    BatchReader<T> ReadSorted<T, TKey>(
        ShuffleId shuffle, int reduceIndex, Func<T, TKey> keySelector, IComparer<TKey>? comparer, bool isDescending, TaskContext context);

    /// <summary>As <see cref="ReadBucket"/>, with the values of a key gathered into one array, in no particular order.</summary>
    BatchReader<(TKey Key, TValue[] Values)> ReadGrouped<TKey, TValue>(ShuffleId shuffle, int reduceIndex, TaskContext context)
        where TKey : notnull;
}
