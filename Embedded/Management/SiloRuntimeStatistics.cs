using Orleans.Runtime.Management;

namespace Orleans.Runtime;

/// <summary>How a silo is.</summary>
[GenerateSerializer, Immutable, Alias("orleans.SiloRuntimeStatistics")]
public sealed class SiloRuntimeStatistics
{
    internal SiloRuntimeStatistics(SiloLoad load, long clientCount, bool isOverloaded, DateTime at)
    {
        ActivationCount = load.ActivationCount;
        ClientCount = clientCount;
        IsOverloaded = isOverloaded;
        DateTime = at;
        CpuUsage = (float)(load.CpuUsage * 100);
        MemoryUsage = load.MemoryUsed;
        AvailableMemory = load.MemoryAvailable;
        TotalPhysicalMemory = load.MemoryTotal;
    }

    /// <summary>Activations.</summary>
    [Id(0)]
    public int ActivationCount { get; }

    /// <summary>Clients that are connected to the silo's gateway.</summary>
    [Id(1)]
    public long ClientCount { get; }

    /// <summary>Whether its gateway refuses requests.</summary>
    [Id(2)]
    public bool IsOverloaded { get; }

    /// <summary>When this was so, in UTC.</summary>
    [Id(3)]
    public DateTime DateTime { get; }

    /// <summary>Percent of all processors that its process uses.</summary>
    [Id(4)]
    public float? CpuUsage { get; }

    /// <summary>Bytes that its process uses.</summary>
    [Id(5)]
    public long? MemoryUsage { get; }

    /// <summary>Bytes that it may still use.</summary>
    [Id(6)]
    public float? AvailableMemory { get; }

    /// <summary>Bytes that it may use.</summary>
    [Id(7)]
    public long? TotalPhysicalMemory { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{ActivationCount} activations, {ClientCount} clients, {CpuUsage:F0} % of the processors, {MemoryUsage} bytes at {DateTime:O}";
}
