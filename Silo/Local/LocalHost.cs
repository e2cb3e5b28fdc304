using Dpark.Hosting;
using Microsoft.Extensions.Hosting;

namespace Dpark;

/// <summary>The host of a local run. Also stopped when the process exits in an ordinary way without disposing it, so that its files go.</summary>
internal sealed class LocalHost : IAsyncDisposable
{
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(2);

    private readonly IHost _host;
    private readonly Lock _gate = new();
    private Task? _stopping;
    private bool _isStarted;

    public LocalHost(IHost host)
    {
        _host = host;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <exception cref="Exception">What is wrong, as the host says it. The host can then only be disposed.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _host.StartAsync(cancellationToken).ConfigureAwait(false);
        _isStarted = true;
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        await StopAsync().ConfigureAwait(false);
    }

    private Task StopAsync()
    {
        lock (_gate)
        {
            return _stopping ??= Task.Run(() => HostEnd.EndAsync(_host, _isStarted));
        }
    }

    // The exit of a process waits for this thread, for a while.
    private void OnProcessExit(object? sender, EventArgs e) => ((IAsyncResult)StopAsync()).AsyncWaitHandle.WaitOne(ExitLimit);
}
