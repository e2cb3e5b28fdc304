using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Dpark.Hosting;

/// <summary>Ends a host, also one whose start failed.</summary>
internal static class HostEnd
{
    /// <summary>Stops a host, and disposes it.</summary>
    /// <param name="isStarted">Whether its start succeeded. If not, what had started stops, and failures of the stop are not told.</param>
    public static async Task EndAsync(IHost host, bool isStarted)
    {
        ILifecycleObserver? leftover = null;
        try
        {
            await host.StopAsync().ConfigureAwait(false);
        }
        catch (Exception) when (!isStarted)
        {
            // A host whose start failed early refuses to stop. What failed there is what the caller is told.
            leftover = host.Services.GetService<ISiloLifecycle>() as ILifecycleObserver;
        }
        finally
        {
            if (host is IAsyncDisposable disposable)
            {
                await disposable.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                host.Dispose();
            }
        }

        // Parts of the official runtime that nobody stops outlive their host, and one of them then asks again and again, without a pause, for what has ended.
        // Not before the disposal, which would wait for ever for a silo that was stopped in this way.
        if (leftover is not null)
        {
            await leftover.OnStop(new CancellationToken(canceled: true)).ConfigureAwait(false);
        }
    }
}
