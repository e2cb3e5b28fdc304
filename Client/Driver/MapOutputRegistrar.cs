using System.Threading.Channels;
using Dpark.Scheduling;
using Dpark.Shuffle;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Driver;

/// <summary>Tells the registry of map outputs what the scheduler decides, in order, and knows when it has arrived. Fed by the driver's loop.</summary>
/// <remarks>
/// <para>
/// An action that cannot be delivered after a few tries is given up: tasks that miss it report a fetch failure, and the scheduler has the shuffle registered again.
/// </para>
/// <para>
/// The registry keeps nothing when its silo dies. Its answers name the activation, so the first one of a new activation shows that: then the scheduler is told
/// <see cref="RegistryLost"/> and has everything registered again, and nothing counts as arrived before that has (<see cref="EnqueueRefilled"/>). Since the loss of a worker is itself told
/// to the registry, tasks that start after it find the table filled. Only those that ask while nobody knows of the loss fail a fetch.
/// </para>
/// </remarks>
/// <param name="tell">Gives an event to the loop.</param>
internal sealed partial class MapOutputRegistrar(
    IMapOutputRegistryGrain registry, Func<WorkerId, string?> endpointOf, RepeatedCall calls, Action<SchedulerEvent> tell, ILogger<MapOutputRegistrar> logger)
{
    private const int MaxAttempts = 5;
    private const int MaxMessageBytes = 384 << 10;

    /// <summary>Each worker is sent it with its first launches of a stage.</summary>
    private const int MaxBytesWithLaunch = 32 << 10;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    // Without an action: the end of what the loss of the registry has brought.
    private readonly Channel<(SchedulerAction? Action, TaskCompletionSource Done)> _queue =
        Channel.CreateUnbounded<(SchedulerAction?, TaskCompletionSource)>(new() { SingleReader = true, SingleWriter = true });

    private readonly Dictionary<ShuffleId, Task> _last = [];

    // What the registry has when everything that is queued has arrived. Of the loop, as _last is.
    private readonly MapOutputTable _table = new();

    // Of actions for all shuffles.
    private Task _lastOfAll = Task.CompletedTask;

    // While the registry is being filled again: ends what was delivered meanwhile. Set by the delivery, read by the loop.
    private volatile TaskCompletionSource? _refill;
    private int _refillCount;
    private Guid _generation;

    /// <summary>Queues an action. Called by the loop.</summary>
    public void Enqueue(SchedulerAction action, ShuffleId? shuffle)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (shuffle is { } id)
        {
            _last[id] = done.Task;
        }
        else
        {
            _lastOfAll = done.Task;
        }

        Apply(action);
        _queue.Writer.TryWrite((action, done));
    }

    /// <summary>Nobody reads a shuffle any more. Called by the loop.</summary>
    /// <returns>Completes when the registry has all that was queued for it.</returns>
    public Task ReleaseAsync(ShuffleId shuffle)
    {
        _table.Remove(shuffle);
        return _last.Remove(shuffle, out var last) ? last : Task.CompletedTask;
    }

    /// <summary>What follows from <see cref="RegistryLost"/> is queued. Called by the loop, once for each.</summary>
    public void EnqueueRefilled() => _queue.Writer.TryWrite((null, new TaskCompletionSource()));

    /// <summary>Completes when the registry has all that was queued for some shuffles. Called by the loop.</summary>
    public Task ArrivedAsync(IReadOnlyList<StageInfo> parents)
    {
        if (parents.Count == 0)
        {
            return Task.CompletedTask;
        }

        List<Task>? waits = null;
        if (!_lastOfAll.IsCompleted)
        {
            (waits ??= []).Add(_lastOfAll);
        }

        if (_refill is { } refill)
        {
            (waits ??= []).Add(refill.Task);
        }

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

    /// <summary>The lists of some shuffles, for a launch that shall not wait until they have arrived. Called by the loop.</summary>
    /// <param name="epoch">None may be older.</param>
    /// <returns><see langword="null"/> if they are too long to travel with each launch, or not complete; then wait for <see cref="ArrivedAsync"/>.</returns>
    public MapOutputRegistration[]? ListFor(IReadOnlyList<StageInfo> parents, long epoch)
    {
        var lists = new MapOutputRegistration[parents.Count];
        long bytes = 0;
        for (var i = 0; i < lists.Length; i++)
        {
            if (parents[i].Shuffle is not { } shuffle || _table.Find(shuffle) is not { IsComplete: true } list || list.Epoch < epoch)
            {
                return null;
            }

            var outputs = list.Page(0, MaxBytesWithLaunch);
            foreach (var output in outputs)
            {
                bytes += BytesOf(output.Output);
            }

            if (outputs.Length < list.MapCount || bytes > MaxBytesWithLaunch)
            {
                return null;
            }

            lists[i] = new(shuffle, list.MapCount, outputs, list.Epoch, IsLast: true);
        }

        return lists;
    }

    /// <summary>Delivers what is queued until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Not as a stream: the framework's iterator would be compiled anew for these pairs, when the first session starts.
            while (await _queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (_queue.Reader.TryRead(out var next))
                {
                    await HandleAsync(next.Action, next.Done, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The application ends, and its registry with it.
        }
    }

    private async Task HandleAsync(SchedulerAction? action, TaskCompletionSource done, CancellationToken cancellationToken)
    {
        if (action is null)
        {
            OnRefilled();
            return;
        }

        await DeliverAsync(action, cancellationToken).ConfigureAwait(false);
        if (_refill is { } refill)
        {
            _ = refill.Task.ContinueWith(_ => done.SetResult(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        else
        {
            done.SetResult();
        }
    }

    private void Apply(SchedulerAction action)
    {
        switch (action)
        {
            case RegisterMapOutputs register:
                _table.Register(register.Shuffle, register.MapCount, Locate(register.Outputs, 0, register.Outputs.Count), register.Epoch, isLast: true);
                break;
            case ForgetMapOutputs forget:
                _table.Forget(forget.Shuffle, forget.MapIndexes, forget.Epoch);
                break;
            case ForgetWorkerOutputs forget:
                _table.ForgetWorker(forget.Worker, forget.Epoch);
                break;
        }
    }

    private void OnRefilled()
    {
        if (--_refillCount == 0)
        {
            var refill = _refill!;
            _refill = null;
            refill.SetResult();
        }
    }

    /// <summary>Looks who has answered.</summary>
    private void OnAnswer(Guid generation)
    {
        var isAnother = _generation != default && _generation != generation;
        _generation = generation;
        if (isAnother)
        {
            LogLost();
            _refillCount++;
            _refill ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            tell(new RegistryLost());
        }
    }

    private async Task DeliverAsync(SchedulerAction action, CancellationToken cancellationToken)
    {
        try
        {
            if (action is RegisterMapOutputs register)
            {
                await RegisterAsync(register, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await CallAsync(() => ForgetAsync(action, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogGivenUp(e, action.GetType().Name, MaxAttempts);
        }
    }

    private async Task CallAsync(Func<Task<Guid>> call, CancellationToken cancellationToken) =>
        OnAnswer(await calls.RunAsync(call, MaxAttempts, RetryDelay, cancellationToken).ConfigureAwait(false));

    private Task<Guid> ForgetAsync(SchedulerAction action, CancellationToken cancellationToken) => action switch
    {
        ForgetMapOutputs forget => registry.ForgetAsync(forget.Shuffle, [.. forget.MapIndexes], forget.Epoch, cancellationToken),
        ForgetWorkerOutputs forget => registry.ForgetWorkerAsync(forget.Worker, forget.Epoch, cancellationToken),
        _ => throw new ArgumentException($"{action.GetType().Name} is nothing for the registry of map outputs.", nameof(action)),
    };

    private async Task RegisterAsync(RegisterMapOutputs action, CancellationToken cancellationToken)
    {
        var start = 0;
        do
        {
            var bytes = 0L;
            var next = start;
            for (; next < action.Outputs.Count && (next == start || bytes + BytesOf(action.Outputs[next]) <= MaxMessageBytes); next++)
            {
                bytes += BytesOf(action.Outputs[next]);
            }

            var isLast = next == action.Outputs.Count;
            var registration = new MapOutputRegistration(action.Shuffle, action.MapCount, [.. Locate(action.Outputs, start, next)], action.Epoch, isLast);
            await CallAsync(() => registry.RegisterAsync(registration, cancellationToken), cancellationToken).ConfigureAwait(false);
            start = next;
        }
        while (start < action.Outputs.Count);
    }

    private List<MapOutputLocation> Locate(IReadOnlyList<MapOutput> outputs, int start, int end)
    {
        List<MapOutputLocation> locations = new(end - start);
        for (var i = start; i < end; i++)
        {
            // The output of a worker that was lost meanwhile is forgotten by the action that follows.
            if (endpointOf(outputs[i].Worker) is { } endpoint)
            {
                locations.Add(new MapOutputLocation(outputs[i], endpoint));
            }
        }

        return locations;
    }

    /// <summary>Bytes in a message, at most.</summary>
    private static long BytesOf(MapOutput output) => 200 + (10L * output.BucketBytes.Length);

    [LoggerMessage(LogLevel.Information, "The registry of map outputs has started over without what it was told. It is told everything again.")]
    private partial void LogLost();

    [LoggerMessage(LogLevel.Warning, "The registry of map outputs could not be told {Action} in {Attempts} attempts. Tasks that miss it have it registered again.")]
    private partial void LogGivenUp(Exception exception, string action, int attempts);
}
