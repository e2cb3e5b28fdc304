using System.Threading.Channels;
using Dpark.Applications;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Caching;

/// <summary>Tells cached partition grains what this worker keeps and drops, in order, in the background. Thread-safe.</summary>
/// <remarks>Nothing depends on it but locality: when it cannot follow, the oldest news is lost.</remarks>
internal sealed partial class CacheReporter : IAsyncDisposable
{
    private const int MaxWaiting = 65_536;

    private readonly Channel<CacheChange> _changes = Channel.CreateBounded<CacheChange>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly CancellationTokenSource _stop = new();
    private readonly WorkerId _worker;
    private readonly Func<string, ICachedPartitionGrain> _grainOf;
    private readonly Func<AppId, bool> _isRunning;
    private readonly ILogger<CacheReporter> _logger;
    private readonly Task _loop;

    /// <summary>Starts the background loop.</summary>
    /// <param name="grainOf">The grain of a key.</param>
    /// <param name="isRunning">Whether an application is worth a call.</param>
    public CacheReporter(WorkerId worker, Func<string, ICachedPartitionGrain> grainOf, Func<AppId, bool> isRunning, ILogger<CacheReporter> logger)
    {
        _worker = worker;
        _grainOf = grainOf;
        _isRunning = isRunning;
        _logger = logger;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Takes note of a change. Returns at once.</summary>
    public void Add(CacheChange change) => _changes.Writer.TryWrite(change);

    /// <summary>Stops. What was not told yet is lost with the partitions.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _changes.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            // Not as a stream: the framework's iterator would be compiled anew for these changes, when the first worker starts.
            while (await _changes.Reader.WaitToReadAsync(_stop.Token).ConfigureAwait(false))
            {
                while (_changes.Reader.TryRead(out var change))
                {
                    if (_isRunning(change.Application))
                    {
                        await TellAsync(change).ConfigureAwait(false);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The worker stops.
        }
    }

    private async Task TellAsync(CacheChange change)
    {
        try
        {
            var grain = _grainOf(CachedPartitionKeys.KeyOf(change.Application, change.Rdd, change.PartitionIndex));
            await (change.Kept is { } kept ? grain.AddHolderAsync(_worker, kept, _stop.Token) : grain.RemoveHolderAsync(_worker, _stop.Token))
                .ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The next change is told all the same.
        catch (Exception e) when (!_stop.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogNotTold(change.Application, change.Rdd, change.PartitionIndex, e);
        }
    }

    [LoggerMessage(LogLevel.Information, "It could not be told whether partition {PartitionIndex} of {Rdd} of {Application} is kept. Tasks may run where it is not.")]
    private partial void LogNotTold(AppId application, Rdds.RddId rdd, int partitionIndex, Exception failure);
}
