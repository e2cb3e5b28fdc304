namespace Orleans.Runtime.Management;

/// <summary>How loaded a silo is.</summary>
/// <param name="ActivationCount">Activations.</param>
/// <param name="CpuUsage">Of its process, from 0 to 1 of all processors.</param>
/// <param name="MemoryUsed">Bytes of its process.</param>
/// <param name="MemoryAvailable">Bytes that it may still use.</param>
/// <param name="MemoryTotal">Bytes that it may use.</param>
[GenerateSerializer, Immutable, Alias("orleans.SiloLoad")]
internal sealed record SiloLoad(
    [property: Id(0)] int ActivationCount,
    [property: Id(1)] double CpuUsage,
    [property: Id(2)] long MemoryUsed,
    [property: Id(3)] long MemoryAvailable,
    [property: Id(4)] long MemoryTotal);
