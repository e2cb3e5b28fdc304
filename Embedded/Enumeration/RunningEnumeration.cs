namespace Orleans.Runtime;

/// <summary>An iterator that somebody enumerates from afar. Used on turns of its activation.</summary>
#pragma warning disable CA1001 // Stop may come after the end; a source without a timer holds nothing that must be freed.
internal abstract class RunningEnumeration
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Whether a step is under way. An iterator takes one at a time.</summary>
    public bool IsStepping { get; set; }

    /// <summary>Whether a step was made since this was last set to false.</summary>
    public bool WasUsed { get; set; } = true;

    protected CancellationToken Stopped => _stop.Token;

    /// <summary>Cancels the iterator's token. On any thread.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>Cancels the iterator and disposes it, when it has answered.</summary>
    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await DisposeIteratorAsync();
    }

    protected abstract Task DisposeIteratorAsync();
}

/// <summary><see cref="RunningEnumeration"/> with the type of its elements.</summary>
internal sealed class RunningEnumeration<T>(int maxBatchSize) : RunningEnumeration
{
    private IAsyncEnumerator<T>? _iterator;

    // What the iterator has been asked for and has not answered yet, or answered with a failure behind a batch.
    private Task<bool>? _pending;

    public void Open(StreamCall<T> call, IGrainContext target) => _iterator = call.Open(target, Stopped).GetAsyncEnumerator(Stopped);

    /// <summary>Takes what the iterator has. Waits only if it has nothing, until the time is over or <paramref name="released"/> completes.</summary>
    public async ValueTask<EnumerationStep<T>> StepAsync(TimeSpan patience, Task released, TimeProvider clock)
    {
        var first = default(T);
        List<T>? batch = null;
        var count = 0;
        while (count < maxBatchSize)
        {
            bool hasMoved;
            try
            {
                var next = _pending is { } pending ? new ValueTask<bool>(pending) : _iterator!.MoveNextAsync();
                if (!next.IsCompletedSuccessfully)
                {
                    _pending = _pending ?? next.AsTask();
                    if (count > 0)
                    {
                        break;
                    }

                    if (!await IsAnsweredAsync(_pending, patience, released, clock))
                    {
                        return new EnumerationStep<T>(EnumerationResult.Heartbeat);
                    }

                    next = new ValueTask<bool>(_pending);
                }

                hasMoved = await next;
            }
            catch (Exception exception)
            {
                return new EnumerationStep<T>(
                    exception is OperationCanceledException && Stopped.IsCancellationRequested ? EnumerationResult.Canceled : EnumerationResult.Error, Error: exception);
            }

            _pending = null;
            if (!hasMoved)
            {
                return Answer(first, batch, count, EnumerationResult.Completed);
            }

            Add(ref first, ref batch, count++);
        }

        return Answer(first, batch, count, default);
    }

    protected override async Task DisposeIteratorAsync()
    {
        if (_pending is { } pending)
        {
            // An iterator cannot be disposed while it works. It was told to stop; how it ends is nobody's concern any more.
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        if (_iterator is { } iterator)
        {
            await iterator.DisposeAsync();
        }
    }

    private static async ValueTask<bool> IsAnsweredAsync(Task answer, TimeSpan patience, Task released, TimeProvider clock)
    {
        using var over = new CancellationTokenSource();
        await Task.WhenAny(answer, released, Task.Delay(patience, clock, over.Token));
        await over.CancelAsync();
        return answer.IsCompleted;
    }

    private void Add(ref T? first, ref List<T>? batch, int count)
    {
        if (count == 0)
        {
            first = _iterator!.Current;
        }
        else
        {
            batch ??= [first!];
            batch.Add(_iterator!.Current);
        }
    }

    private static EnumerationStep<T> Answer(T? first, List<T>? batch, int count, EnumerationResult end) => count switch
    {
        0 => new EnumerationStep<T>(end),
        1 => new EnumerationStep<T>(end | EnumerationResult.Element, first),
        _ => new EnumerationStep<T>(end | EnumerationResult.Batch, Batch: [.. batch!]),
    };
}
