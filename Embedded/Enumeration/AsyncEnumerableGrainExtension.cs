using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>The iterators of one activation. Everything runs as turns of the activation.</summary>
/// <remarks>
/// A step gives out what the iterator has without waiting. If it has nothing, the step waits for half of the response timeout and then answers that there is
/// nothing yet, so that no call times out. An iterator for which no step is asked is dropped after one to two response timeouts.
/// </remarks>
internal sealed partial class AsyncEnumerableGrainExtension : IAsyncEnumerableGrainExtension
{
    private readonly Dictionary<Guid, RunningEnumeration> _running = [];
    private readonly IGrainContext _context;
    private readonly TurnScheduler _turns;
    private readonly SiloRuntime _silo;
    private readonly TimeSpan _patience;
    private readonly TaskCompletionSource _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _sweeper;

    public AsyncEnumerableGrainExtension(IGrainContext context, TurnScheduler turns, SiloRuntime silo)
    {
        _context = context;
        _turns = turns;
        _silo = silo;
        _patience = silo.MessagingOptions.ResponseTimeout;
    }

    public async ValueTask<EnumerationStep<T>> StartEnumeration<T>(Guid requestId, StreamCall<T> request, int maxBatchSize, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBatchSize);
        if (_running.ContainsKey(requestId))
        {
            throw new InvalidOperationException($"Enumeration {requestId} of grain {_context.GrainId} has been started already.");
        }

        var enumeration = new RunningEnumeration<T>(maxBatchSize);
        try
        {
            enumeration.Open(request, _context);
        }
        catch (Exception exception)
        {
            enumeration.Stop();
            return new EnumerationStep<T>(EnumerationResult.Error, Error: exception);
        }

        _running.Add(requestId, enumeration);
        StartSweeper();
        return await StepAsync(requestId, enumeration, cancellationToken);
    }

    public async ValueTask<EnumerationStep<T>> MoveNext<T>(Guid requestId, CancellationToken cancellationToken) =>
        _running.TryGetValue(requestId, out var found) && found is RunningEnumeration<T> { IsStepping: false } enumeration
            ? await StepAsync(requestId, enumeration, cancellationToken)
            : new EnumerationStep<T>(EnumerationResult.MissingEnumeratorError);

    public async ValueTask DisposeAsync(Guid requestId)
    {
        if (_running.Remove(requestId, out var enumeration))
        {
            StopSweeperIfIdle();
            await EndAsync(enumeration);
        }
    }

    /// <summary>Ends the steps that wait, for the activation is about to end.</summary>
    public void ReleaseWaiting() => _ending.TrySetResult();

    /// <summary>Ends all enumerations with the activation.</summary>
    public void EndAll()
    {
        var all = _running.Values.ToList();
        _running.Clear();
        StopSweeperIfIdle();
        foreach (var enumeration in all)
        {
            // Not awaited: an iterator that does not stop would hold everybody who waits for the end of the grain.
            _ = EndAsync(enumeration);
        }
    }

    private async ValueTask<EnumerationStep<T>> StepAsync<T>(Guid id, RunningEnumeration<T> enumeration, CancellationToken cancellationToken)
    {
        EnumerationStep<T> step;
        enumeration.IsStepping = true;
        try
        {
            await using var registration = cancellationToken.UnsafeRegister(static state => ((RunningEnumeration)state!).Stop(), enumeration);
            step = await enumeration.StepAsync(_patience / 2, _ending.Task, _silo.TimeProvider);
        }
        finally
        {
            enumeration.IsStepping = false;
            enumeration.WasUsed = true;
        }

        if (step.Status is not (EnumerationResult.Heartbeat or EnumerationResult.Element or EnumerationResult.Batch) && _running.Remove(id))
        {
            StopSweeperIfIdle();
            await EndAsync(enumeration);
        }

        return step;
    }

    private async Task EndAsync(RunningEnumeration enumeration)
    {
        try
        {
            await enumeration.DisposeAsync();
        }
        catch (Exception exception)
        {
            LogDisposeFailed(_silo.Logger, _context.GrainId, exception);
        }
    }

    private void StartSweeper()
    {
        if (_sweeper is null)
        {
            // The timer must not keep what the caller has set.
            using (ExecutionContext.SuppressFlow())
            {
                _sweeper = _silo.TimeProvider.CreateTimer(static state => ((AsyncEnumerableGrainExtension)state!).SweepSoon(), this, _patience, _patience);
            }
        }
    }

    private void SweepSoon() => _turns.QueueAction(static state => ((AsyncEnumerableGrainExtension)state!).Sweep(), this);

    private void Sweep()
    {
        foreach (var (id, enumeration) in _running.Where(pair => !pair.Value.IsStepping).ToList())
        {
            if (enumeration.WasUsed)
            {
                enumeration.WasUsed = false;
            }
            else if (_running.Remove(id))
            {
                // Not awaited: the iterator may take its time.
                _ = EndAsync(enumeration);
            }
        }

        StopSweeperIfIdle();
    }

    private void StopSweeperIfIdle()
    {
        if (_running.Count == 0)
        {
            _sweeper?.Dispose();
            _sweeper = null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "An iterator of grain {Grain} failed when it was disposed.")]
    private static partial void LogDisposeFailed(ILogger logger, GrainId grain, Exception exception);
}
