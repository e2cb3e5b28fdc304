using Microsoft.Extensions.Hosting;

namespace Dpark;

/// <summary>Tells services of a local run how far it is. It ends with its context, not with the process, so a request to stop is only told to who listens. Thread-safe.</summary>
internal sealed class LocalHostLifetime : IHostApplicationLifetime, IDisposable
{
    private readonly CancellationTokenSource _started = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _stopped = new();

    public CancellationToken ApplicationStarted => _started.Token;

    public CancellationToken ApplicationStopping => _stopping.Token;

    public CancellationToken ApplicationStopped => _stopped.Token;

    public void StopApplication() => _stopping.Cancel();

    public void SetStarted() => _started.Cancel();

    public void SetStopped() => _stopped.Cancel();

    public void Dispose()
    {
        _started.Dispose();
        _stopping.Dispose();
        _stopped.Dispose();
    }
}
