using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>The shuffles of one worker. Own map outputs are read as files, others through the block servers of their workers. Thread-safe.</summary>
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
        where TKey : notnull => throw new NotImplementedException($"{worker}{files}{outputs}{client}{options}");

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> ReadBucket<TKey, TCombined>(ShuffleId shuffle, int reduceIndex, TaskContext context)
        where TKey : notnull => throw new NotImplementedException();

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> ReadCombined<TKey, TCombined>(
        ShuffleId shuffle, int reduceIndex, Func<TCombined, TCombined, TCombined> merge, TaskContext context)
        where TKey : notnull => throw new NotImplementedException();

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TValue[] Values)> ReadGrouped<TKey, TValue>(ShuffleId shuffle, int reduceIndex, TaskContext context)
        where TKey : notnull => throw new NotImplementedException();
}
