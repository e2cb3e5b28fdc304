using Microsoft.Extensions.Logging;

namespace Dpark.Workers;

/// <summary>Tells all workers of the cluster one thing, in parallel and in bounded time. Used in the turns of grains. Thread-safe.</summary>
internal sealed partial class WorkerBroadcaster(IGrainFactory grains, TimeProvider timeProvider, ILogger<WorkerBroadcaster> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Calls every worker that the master knows, and those of <paramref name="more"/>. A worker that cannot be told is logged.</summary>
    /// <param name="what">What they are told to do, for the log, such as <c>delete shuffle-7 of app-1</c>.</param>
    public async Task TellAllAsync(
        WorkerId[] more, Func<IWorkerGrain, CancellationToken, Task> tell, string what, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, timeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        WorkerId[] known = [];
        try
        {
            var list = await grains.GetGrain<IMasterGrain>(IMasterGrain.Key).WatchWorkersAsync(default, 0, TimeSpan.Zero, both.Token);
            known = [.. list.Workers.Select(worker => worker.Id)];
        }
#pragma warning disable CA1031 // Those that are known otherwise are told all the same.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogNoList(what, e);
        }

        await Task.WhenAll(known.Union(more).Select(worker => TellAsync(worker, tell, what, both.Token)));
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task TellAsync(WorkerId worker, Func<IWorkerGrain, CancellationToken, Task> tell, string what, CancellationToken cancellationToken)
    {
        try
        {
            // The call itself may not notice the token: its silo may be gone.
            await tell(grains.GetGrain<IWorkerGrain>(worker.Value), cancellationToken).WaitAsync(cancellationToken);
        }
        catch (WorkerUnavailableException)
        {
            // It is gone with everything it had.
        }
#pragma warning disable CA1031 // One worker that fails must not keep the others from being told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotTold(worker, what, e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The master could not be asked which workers shall {What}. Their own checks do it later.")]
    private partial void LogNoList(string what, Exception failure);

    [LoggerMessage(LogLevel.Warning, "Worker {Worker} could not be told to {What}. It does so by its own checks, or when it ends.")]
    private partial void LogNotTold(WorkerId worker, string what, Exception failure);
}
