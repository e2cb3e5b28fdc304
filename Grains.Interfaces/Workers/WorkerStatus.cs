using Dpark.Tasks;

namespace Dpark.Workers;

/// <summary>What a worker does at one moment.</summary>
/// <param name="Info">Who it is.</param>
/// <param name="Executor">Its slots and what waits for them.</param>
/// <param name="CachedBytes">Bytes of all cached partitions, estimated.</param>
/// <param name="ApplicationCount">Applications that it keeps something of.</param>
[GenerateSerializer, Immutable, Alias("dpark.WorkerStatus")]
public sealed record WorkerStatus(
    [property: Id(0)] WorkerInfo Info, [property: Id(1)] ExecutorStatus Executor, [property: Id(2)] long CachedBytes, [property: Id(3)] int ApplicationCount);
