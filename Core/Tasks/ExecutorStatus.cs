namespace Dpark.Tasks;

/// <summary>What the executor of a worker does at one moment.</summary>
/// <param name="SlotCount">Threads.</param>
/// <param name="RunningCount">Attempts on a thread, among them those of <paramref name="StuckCount"/>.</param>
/// <param name="QueuedCount">Attempts that wait for a thread.</param>
/// <param name="StuckCount">Attempts that were cancelled longer ago than the limit and still hold their thread.</param>
[GenerateSerializer, Immutable, Alias("dpark.ExecutorStatus")]
public sealed record ExecutorStatus(
    [property: Id(0)] int SlotCount, [property: Id(1)] int RunningCount, [property: Id(2)] int QueuedCount, [property: Id(3)] int StuckCount);
