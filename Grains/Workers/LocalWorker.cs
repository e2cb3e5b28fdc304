using Orleans.Runtime;

namespace Dpark.Workers;

/// <summary>Where the grains of a silo find its worker. A singleton of the silo; the host puts the worker in and takes it out. Thread-safe.</summary>
internal sealed class LocalWorker(ILocalSiloDetails silo) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Worker? _worker;

    /// <summary>The id that this silo's worker has in this life.</summary>
    public WorkerId Id { get; } = new(silo.SiloAddress.ToParsableString());

    /// <summary>Fires when the silo begins to stop: grains end their waits then, or they would hold it up.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>The worker.</summary>
    /// <exception cref="WorkerUnavailableException">It has not started, or has stopped.</exception>
    public Worker Get() => Volatile.Read(ref _worker) ?? throw new WorkerUnavailableException(Id, "it has not started yet, or has stopped");

    /// <summary>Puts the worker in, or takes it out.</summary>
    public void Set(Worker? worker) => Volatile.Write(ref _worker, worker);

    /// <summary>Begins to stop.</summary>
    public void SignalStop() => _stopping.Cancel();

    /// <summary>Begins to stop, if that was not said before.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }
}
