using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Caching;

/// <summary>The cached partitions of one worker, as a task sees them. Thread-safe.</summary>
public interface IPartitionCache
{
    /// <summary>
    /// Reads a cached partition, or computes and keeps it. Two tasks that ask for the same partition at once compute it once; if the computing one
    /// fails or is cancelled, the other computes. A partition that does not fit is passed through and not kept.
    /// </summary>
    BatchReader<T> GetOrCompute<T>(Rdd<T> rdd, Partition partition, TaskContext context, Func<BatchReader<T>> compute);
}
