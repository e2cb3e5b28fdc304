using Microsoft.Extensions.Hosting;

namespace Dpark.Clusters;

/// <summary>The client of a context that was made by <c>ConnectAsync</c>; ends with it. Thread-safe.</summary>
internal sealed class ClusterConnection(IHost host) : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    public IHost Host => host;

    /// <summary>Once there is one, it is what is disposed first.</summary>
    public DparkContext? Context { get; set; }

    /// <summary>Ends what was begun. What takes longer than the limit goes on in the background, as its cluster may never answer.</summary>
    public async Task AbandonAsync(TimeSpan limit)
    {
        IAsyncDisposable owner = Context is { } context ? context : this;
        var end = Task.Run(async () => await owner.DisposeAsync().ConfigureAwait(false));
        await end.WaitAsync(limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ = end.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await host.StopAsync(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // The gateways are gone. The process's end closes the connections.
        }

        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            host.Dispose();
        }
    }
}
