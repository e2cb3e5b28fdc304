using Dpark.Applications;
using Dpark.Broadcasting;
using Dpark.Caching;
using Dpark.Placement;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Tasks;
using Microsoft.Extensions.Logging;

namespace Dpark.Workers;

/// <summary>Fronts the <see cref="Worker"/> of its silo; see <see cref="IWorkerGrain"/>.</summary>
[GrainType("dpark.worker")]
[WorkerPlacement]
internal sealed partial class WorkerGrain(LocalWorker local, ILogger<WorkerGrain> logger) : Grain, IWorkerGrain
{
    public async Task<TaskAttemptId[]> LaunchAsync(TaskBatch batch, CancellationToken cancellationToken)
    {
        // Fails at once, and not once per attempt, if there is no worker.
        local.Get().Take(batch);
        var launches = batch.Launches;
        var starts = new Task<bool>[launches.Length];
        for (var i = 0; i < launches.Length; i++)
        {
            starts[i] = Start(launches[i], batch.Epoch);
        }

        List<TaskAttemptId>? refused = null;
        for (var i = 0; i < launches.Length; i++)
        {
            if (!await WasTakenAsync(launches[i].Attempt, starts[i]))
            {
                (refused ??= []).Add(launches[i].Attempt);
            }
        }

        return refused is null ? [] : [.. refused];
    }

    public Task<bool> CancelAsync(AppId application, long epoch, TaskAttemptId[] attempts, CancellationToken cancellationToken) =>
        Task.FromResult(local.Get().Cancel(application, epoch, attempts));

    public Task<OutboxBatch> PollAsync(AppId application, OutboxCursor after, TimeSpan maxWait, CancellationToken cancellationToken) =>
        local.Get().PollAsync(application, after, maxWait, cancellationToken);

    public Task DeleteShuffleAsync(ShuffleId shuffle, CancellationToken cancellationToken) => local.Get().DeleteShuffleAsync(shuffle);

    public Task DropRddAsync(AppId application, RddId rdd, CancellationToken cancellationToken) => local.Get().DropRddAsync(application, rdd);

    public Task DropBroadcastAsync(AppId application, BroadcastId broadcast, int pieceCount, CancellationToken cancellationToken) =>
        local.Get().DropBroadcastAsync(application, broadcast, pieceCount);

    public Task<string?> CopyCachedAsync(CacheCopy copy, CancellationToken cancellationToken) => local.Get().CopyCachedAsync(copy, cancellationToken);

    public Task<CachedPartition[]> ListCachedAsync(AppId application, CancellationToken cancellationToken) =>
        Task.FromResult(local.Get().ListCached(application));

    public Task EndApplicationAsync(AppId application, CancellationToken cancellationToken) => local.Get().EndApplicationAsync(application);

    public Task<string?> StartStandInAsync(AppId application, CancellationToken cancellationToken) => local.Get().StartStandInAsync(application);

    public Task<WorkerStatus> GetStatusAsync(CancellationToken cancellationToken) => Task.FromResult(local.Get().Status);

    private Task<bool> Start(TaskLaunch launch, long epoch)
    {
        try
        {
            return GrainFactory.GetGrain<ITaskGrain>(launch.Attempt.ToString()).StartAsync(launch, epoch).AsTask();
        }
#pragma warning disable CA1031 // Comes out where the call is waited for, like what fails later.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Task.FromException<bool>(e);
        }
    }

    // Waited for one after the other, so that a turn of this grain sees many answers, and not each one has a turn of its own.
    private async ValueTask<bool> WasTakenAsync(TaskAttemptId attempt, Task<bool> start)
    {
        try
        {
            return await start;
        }
#pragma warning disable CA1031 // The outcome of the other attempts is known and must reach the driver.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotStarted(attempt, e);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Attempt} could not be started by its grain. The driver starts another attempt.")]
    private partial void LogNotStarted(TaskAttemptId attempt, Exception failure);
}
