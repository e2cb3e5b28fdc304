namespace Orleans.Runtime;

/// <summary>The near end of an enumeration: asks for batches and gives out their elements. For one caller at a time, as enumerators are.</summary>
internal sealed class RemoteEnumerator<T> : IAsyncEnumerator<T>
{
    private readonly Guid _id = Guid.NewGuid();
    private readonly IAsyncEnumerableGrainExtension _target;
    private readonly StreamCall<T> _call;
    private readonly int _maxBatchSize;
    private readonly CancellationTokenSource? _linked;
    private readonly CancellationToken _cancellation;
    private T[] _batch = [];
    private int _next;
    private bool _isStarted;
    private bool _hasEnded;

    /// <param name="ofMethod">The token that the method was called with.</param>
    /// <param name="ofEnumerator">The token that the enumeration was started with.</param>
    public RemoteEnumerator(IAsyncEnumerableGrainExtension target, StreamCall<T> call, int maxBatchSize, CancellationToken ofMethod, CancellationToken ofEnumerator)
    {
        _target = target;
        _call = call;
        _maxBatchSize = maxBatchSize;
        _linked = ofMethod.CanBeCanceled && ofEnumerator.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(ofMethod, ofEnumerator) : null;
        _cancellation = _linked?.Token ?? (ofMethod.CanBeCanceled ? ofMethod : ofEnumerator);
    }

    public T Current { get; private set; } = default!;

    public ValueTask<bool> MoveNextAsync()
    {
        if (_next < _batch.Length)
        {
            Current = _batch[_next++];
            return new ValueTask<bool>(true);
        }

        return _hasEnded ? new ValueTask<bool>(false) : AskAsync();
    }

    public async ValueTask DisposeAsync()
    {
        var isOpen = _isStarted && !_hasEnded;
        _hasEnded = true;
        _batch = [];
        _next = 0;
        if (isOpen)
        {
            try
            {
                await _target.DisposeAsync(_id);
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                // The callee is gone, and the iterator with it; or it drops the iterator when nobody asks for more.
            }
        }

        _linked?.Dispose();
    }

    private async ValueTask<bool> AskAsync()
    {
        while (true)
        {
            _cancellation.ThrowIfCancellationRequested();
            var isFirst = !_isStarted;
            _isStarted = true;
            var step = isFirst
                ? await _target.StartEnumeration(_id, _call, _maxBatchSize, _cancellation)
                : await _target.MoveNext<T>(_id, _cancellation);
            if (step.Status != EnumerationResult.Heartbeat)
            {
                return Take(step);
            }
        }
    }

    private bool Take(EnumerationStep<T> step)
    {
        _hasEnded = (step.Status & ~(EnumerationResult.Element | EnumerationResult.Batch)) != 0;
        switch (step.Status & ~EnumerationResult.Completed)
        {
            case EnumerationResult.Element:
                Current = step.Element!;
                return true;
            case EnumerationResult.Batch when step.Batch is { Length: > 0 } batch:
                (_batch, _next) = (batch, 1);
                Current = batch[0];
                return true;
            case EnumerationResult.MissingEnumeratorError:
                throw new EnumerationAbortedException(
                    "Enumeration aborted: the grain does not know this enumeration. It was deactivated meanwhile, or nobody asked for the next element for too long. Start again.");
            case EnumerationResult.Error:
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(step.Error ?? new OrleansException("The iterator failed without an exception."));
                return false;
            case EnumerationResult.Canceled:
                throw new OperationCanceledException(step.Error?.Message ?? "The iterator was cancelled.", step.Error, _cancellation);
            default:
                return false;
        }
    }
}
