namespace Dpark.Workers;

/// <summary>What a worker tells the master about itself.</summary>
/// <param name="Id">This life of the worker.</param>
/// <param name="Host">Host name or address of its machine, compared with preferred locations, ignoring case.</param>
/// <param name="BlockEndpoint">Host and port of its block server, such as <c>127.0.0.1:40123</c>.</param>
/// <param name="SlotCount">Attempts it runs at once. 0 while it drains: it gets no new tasks, but serves what it has.</param>
/// <param name="MemoryBytes">Memory that its process may use.</param>
[GenerateSerializer, Immutable, Alias("dpark.WorkerInfo")]
public sealed record WorkerInfo(
    [property: Id(0)] WorkerId Id,
    [property: Id(1)] string Host,
    [property: Id(2)] string BlockEndpoint,
    [property: Id(3)] int SlotCount,
    [property: Id(4)] long MemoryBytes)
{
    /// <summary>It was started beside the last worker of a cluster, for tasks that may kill their process. It gets no other tasks.</summary>
    [Id(5)] public bool IsStandIn { get; init; }
}

/// <summary>The workers of a cluster at one moment.</summary>
/// <param name="Generation">Which activation of the master made the list. Versions of different generations cannot be compared.</param>
/// <param name="Version">Grows with every change.</param>
/// <param name="Workers">In order of registration. May be empty.</param>
[GenerateSerializer, Immutable, Alias("dpark.WorkerList")]
public sealed record WorkerList([property: Id(0)] Guid Generation, [property: Id(1)] long Version, [property: Id(2)] WorkerInfo[] Workers)
{
    /// <summary>
    /// To a caller that has the list of another generation: workers that are not merely missing here, because membership has declared their silos dead. May name
    /// some that the caller has never heard of.
    /// </summary>
    [Id(3)] public WorkerId[] Gone { get; init; } = [];
}
