using Dpark.Configuration;
using Dpark.Environments;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Hosting;

/// <summary>
/// Tells the master about the worker of this silo, again and again, has the worker look for applications that have ended, and keeps up its work directories. Thread-safe.
/// </summary>
internal sealed partial class WorkerRegistration(
    Worker worker, WorkDirectory directory, IGrainFactory grains, RegistrationOptions options, TimeProvider timeProvider, ILogger<WorkerRegistration> logger) : IAsyncDisposable
{
    /// <summary>A stop must not wait for a master whose silo is gone.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Raised once, if membership has declared the silo dead.</summary>
    public event Action? Refused;

    /// <summary>Registers, and goes on doing so. A master that cannot be reached now is told later.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await SayAsync(cancellationToken).ConfigureAwait(false))
        {
            _loop = Task.Run(RunAsync, CancellationToken.None);
        }
    }

    /// <summary>Tells the master what the worker says of itself now. Never throws.</summary>
    /// <returns><see langword="false"/> if the worker was refused.</returns>
    public async Task<bool> SayAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var limit = Limit(cancellationToken);
            if (!await Master.RegisterWorkerAsync(worker.Info, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false))
            {
                Refused?.Invoke();
                return false;
            }
        }
#pragma warning disable CA1031 // The next time it may be there again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(worker.Info.Id, e);
        }

        return true;
    }

    /// <summary>Stops registering and leaves the master's list. Never throws.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        await StopAsync().ConfigureAwait(false);
        try
        {
            using var limit = Limit(cancellationToken);
            await Master.UnregisterWorkerAsync(worker.Info.Id, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Membership tells the master that the silo has gone.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(worker.Info.Id, e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private IMasterGrain Master => grains.GetGrain<IMasterGrain>(IMasterGrain.Key);

    private static CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CallLimit);
        return limit;
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            var checkedAt = timeProvider.GetTimestamp();
            do
            {
                await Task.Delay(options.Interval, timeProvider, _stop.Token).ConfigureAwait(false);
                if (timeProvider.GetElapsedTime(checkedAt) >= options.ApplicationCheckInterval)
                {
                    checkedAt = timeProvider.GetTimestamp();
                    directory.KeepUp();
                    await worker.CheckApplicationsAsync(_stop.Token).ConfigureAwait(false);
                }
            }
            while (await SayAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The worker leaves.
        }
#pragma warning disable CA1031 // Without this loop the worker would be forgotten by the next master.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogLoopFailed(worker.Info.Id, e);
        }
    }

    [LoggerMessage(LogLevel.Information, "The master could not be told about worker {Worker}. It is told again at the next interval.")]
    private partial void LogFailed(WorkerId worker, Exception failure);

    [LoggerMessage(LogLevel.Error, "Worker {Worker} does not register any more. A master that moves to another silo finds it by asking.")]
    private partial void LogLoopFailed(WorkerId worker, Exception failure);
}
