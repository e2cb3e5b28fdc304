using System.Threading.Channels;
using Dpark.Scheduling;
using Dpark.Shuffle;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Driver;

/// <summary>Tells the registry of map outputs what the scheduler decides, in order, and knows when it has arrived. Fed by the driver's loop.</summary>
/// <remarks>
/// An action that cannot be delivered after a few tries is given up: tasks that miss it report a fetch failure, and the scheduler has the shuffle registered again.
/// </remarks>
internal sealed partial class MapOutputRegistrar(
    IMapOutputRegistryGrain registry, Func<WorkerId, string?> endpointOf, RepeatedCall calls, ILogger<MapOutputRegistrar> logger)
{
    private const int MaxAttempts = 5;
    private const int MaxMessageBytes = 384 << 10;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly Channel<(SchedulerAction Action, TaskCompletionSource Done)> _queue =
        Channel.CreateUnbounded<(SchedulerAction, TaskCompletionSource)>(new() { SingleReader = true, SingleWriter = true });

    private readonly Dictionary<ShuffleId, Task> _last = [];

    /// <summary>Queues an action. Called by the loop.</summary>
    public void Enqueue(SchedulerAction action, ShuffleId? shuffle)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (shuffle is { } id)
        {
            _last[id] = done.Task;
        }

        _queue.Writer.TryWrite((action, done));
    }

    /// <summary>Completes when the registry has all that was queued for some shuffles. Called by the loop.</summary>
    public Task ArrivedAsync(IReadOnlyList<StageInfo> parents)
    {
        List<Task>? waits = null;
        foreach (var parent in parents)
        {
            if (parent.Shuffle is { } shuffle && _last.TryGetValue(shuffle, out var last))
            {
                if (last.IsCompleted)
                {
                    _last.Remove(shuffle);
                }
                else
                {
                    (waits ??= []).Add(last);
                }
            }
        }

        return waits is null ? Task.CompletedTask : Task.WhenAll(waits);
    }

    /// <summary>Delivers what is queued until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var (action, done) in _queue.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await DeliverAsync(action, cancellationToken).ConfigureAwait(false);
                done.SetResult();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The application ends, and its registry with it.
        }
    }

    private async Task DeliverAsync(SchedulerAction action, CancellationToken cancellationToken)
    {
        try
        {
            await calls.RunAsync(() => SendAsync(action, cancellationToken), MaxAttempts, RetryDelay, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogGivenUp(e, action.GetType().Name, MaxAttempts);
        }
    }

    private Task SendAsync(SchedulerAction action, CancellationToken cancellationToken) => action switch
    {
        RegisterMapOutputs register => RegisterAsync(register, cancellationToken),
        ForgetMapOutputs forget => registry.ForgetAsync(forget.Shuffle, [.. forget.MapIndexes], forget.Epoch, cancellationToken),
        ForgetWorkerOutputs forget => registry.ForgetWorkerAsync(forget.Worker, forget.Epoch, cancellationToken),
        _ => throw new ArgumentException($"{action.GetType().Name} is nothing for the registry of map outputs.", nameof(action)),
    };

    private async Task RegisterAsync(RegisterMapOutputs action, CancellationToken cancellationToken)
    {
        var start = 0;
        do
        {
            List<MapOutputLocation> page = [];
            var bytes = 0L;
            var next = start;
            for (; next < action.Outputs.Count && (page.Count == 0 || bytes + BytesOf(action.Outputs[next]) <= MaxMessageBytes); next++)
            {
                var output = action.Outputs[next];
                bytes += BytesOf(output);

                // The output of a worker that was lost meanwhile is forgotten by the action that follows.
                if (endpointOf(output.Worker) is { } endpoint)
                {
                    page.Add(new MapOutputLocation(output, endpoint));
                }
            }

            var isLast = next == action.Outputs.Count;
            await registry.RegisterAsync(
                new MapOutputRegistration(action.Shuffle, action.MapCount, [.. page], action.Epoch, isLast), cancellationToken).ConfigureAwait(false);
            start = next;
        }
        while (start < action.Outputs.Count);
    }

    /// <summary>Bytes in a message, at most.</summary>
    private static long BytesOf(MapOutput output) => 200 + (10L * output.BucketBytes.Length);

    [LoggerMessage(LogLevel.Warning, "The registry of map outputs could not be told {Action} in {Attempts} attempts. Tasks that miss it have it registered again.")]
    private partial void LogGivenUp(Exception exception, string action, int attempts);
}
