namespace Dpark.Configuration;

/// <summary>How much memory the tasks, the cache and the stores of a worker share. Bound from <c>Dpark:Memory</c>.</summary>
public sealed class MemoryOptions
{
    /// <summary>
    /// Bytes that grow with data: tables, sort buffers, what is written to shuffles, results, cached partitions, broadcast values, and blocks and map outputs that are kept in memory. At least
    /// 1 MiB. Default: 60 % of the memory that the process may use.
    /// </summary>
    /// <remarks>The rest is for objects of user code, for batches on their way and for the runtime.</remarks>
    public long BudgetBytes { get; set; } = (long)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 0.6);

    /// <summary>Share of the budget that cached partitions keep when tasks need memory. What they hold above it is dropped then, or goes to disk. From 0 to 1. Default: 0.5.</summary>
    public double ProtectedCacheShare { get; set; } = 0.5;

    /// <summary>
    /// How long a task that has less than its least share waits for memory of others before it is refused: it spills then, or fails if it cannot. From 0 to 1 hour. Default: 10 s.
    /// </summary>
    public TimeSpan WaitLimit { get; set; } = TimeSpan.FromSeconds(10);
}
