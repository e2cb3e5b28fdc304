using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Tasks;

/// <summary>Runs the attempts of one worker on threads of its own. One per silo; the task grain fronts it. Thread-safe.</summary>
public sealed class Executor : IAsyncDisposable
{
    /// <summary>Starts the threads.</summary>
    /// <param name="worker">This worker.</param>
    /// <param name="outbox">Receives one report per attempt that was started.</param>
    public Executor(
        WorkerId worker,
        ExecutorOptions options,
        IProgramSource programs,
        ITaskServices services,
        Outbox outbox,
        TimeProvider timeProvider,
        ILogger<Executor> logger)
    {
    }

    /// <summary>Queues an attempt and returns at once. An attempt that is known already, running or ended, is not started again.</summary>
    /// <param name="applicationEpoch">The driver's epoch; a newer one than before makes all older commands void.</param>
    /// <returns>
    /// <see langword="true"/> if the attempt is, or was, queued here. <see langword="false"/> if it was refused: the epoch is older than one seen before,
    /// the application has ended, or the executor stops.
    /// </returns>
    public bool TryStart(TaskLaunch launch, long applicationEpoch = 0) => throw new NotImplementedException();

    /// <summary>Stops attempts. One that waits ends at once, one that runs when it next looks at its token; each reports <see cref="TaskOutcome.Cancelled"/>. Unknown ones are ignored.</summary>
    /// <returns><see langword="false"/> if the epoch is older than one seen before.</returns>
    public bool Cancel(AppId application, IReadOnlyList<TaskAttemptId> attempts, long applicationEpoch = 0) => throw new NotImplementedException();

    /// <summary>Stops every attempt of an application and refuses new ones for good. Nothing more is reported for it.</summary>
    public void EndApplication(AppId application) => throw new NotImplementedException();

    /// <summary>What it does now.</summary>
    public ExecutorStatus Status => throw new NotImplementedException();

    /// <summary>Refuses new attempts, cancels all, and waits for them, at most <see cref="ExecutorOptions.StopLimit"/>. Further calls wait for the first.</summary>
    /// <returns><see langword="false"/> if attempts did not stop in time; their threads end with the process.</returns>
    public Task<bool> StopAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>As <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);
}
