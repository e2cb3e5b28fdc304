namespace Dpark.Workers;

/// <summary>A worker cannot be called: its silo is not active, it has not started yet, or it stops. It does not say that the worker is lost; membership does.</summary>
/// <param name="worker">The worker that was called.</param>
/// <param name="reason">Why; a clause without a full stop.</param>
[GenerateSerializer, Alias("dpark.WorkerUnavailableException")]
public sealed class WorkerUnavailableException(WorkerId worker, string reason) : Exception(
    $"Worker {worker} cannot be called, because {reason}. Its tasks run elsewhere once membership says that it is gone.")
{
    /// <summary>The worker that was called.</summary>
    [Id(0)] public WorkerId Worker { get; } = worker;
}
