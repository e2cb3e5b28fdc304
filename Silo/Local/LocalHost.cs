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
            return _stopping ??= Task.Run(StopCoreAsync);
        }
    }

    private async Task StopCoreAsync()
    {
        try
        {
            await _host.StopAsync().ConfigureAwait(false);
        }
        catch (InvalidOperationException) when (!_isStarted)
        {
            // The official runtime refuses to stop a silo whose start failed early. What failed there is what the caller is told.
        }
        finally
        {
            if (_host is IAsyncDisposable disposable)
            {
                await disposable.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                _host.Dispose();
            }
        }
    }

    // The exit of a process waits for this thread, for a while.
    private void OnProcessExit(object? sender, EventArgs e) => ((IAsyncResult)StopAsync()).AsyncWaitHandle.WaitOne(ExitLimit);
}
