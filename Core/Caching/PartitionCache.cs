using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Caching;

/// <summary>Cached partitions of one worker, in memory, the least recently used one dropped first. Thread-safe.</summary>
public sealed class PartitionCache(CacheOptions options) : IPartitionCache
{
    /// <summary>Bytes of all partitions kept, estimated.</summary>
    public long Bytes => throw new NotImplementedException(options.ToString());

    /// <inheritdoc/>
    public BatchReader<T> GetOrCompute<T>(Rdd<T> rdd, Partition partition, TaskContext context, Func<BatchReader<T>> compute) =>
        throw new NotImplementedException();

    /// <summary>What is kept for an application now, in no particular order.</summary>
    public CachedPartition[] List(AppId application) => throw new NotImplementedException();

    /// <summary>Drops the partitions of one RDD.</summary>
    public void DropRdd(AppId application, RddId rdd) => throw new NotImplementedException();

    /// <summary>Drops everything of an application. What its tasks are still computing is not kept.</summary>
    public void DropApplication(AppId application) => throw new NotImplementedException();
}
