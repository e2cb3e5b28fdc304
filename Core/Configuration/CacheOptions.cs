namespace Dpark.Configuration;

/// <summary>How much a worker keeps of cached partitions. Bound from <c>Dpark:Cache</c>.</summary>
public sealed class CacheOptions
{
    /// <summary>
    /// Bytes that all cached partitions of a worker may take. At least 0; 0 keeps nothing. Default: 40 % of the memory that the process may use.
    /// </summary>
    public long MaxBytes { get; set; } = (long)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 0.4);
}
