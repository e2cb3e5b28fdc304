namespace Dpark.Driver;

/// <summary>Is open while jobs run. Outboxes of workers are asked for reports only then. Thread-safe.</summary>
internal sealed class ActivityGate
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _activeCount;

    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _opened.Task.IsCompleted ? Task.CompletedTask : _opened.Task.WaitAsync(cancellationToken);
        }
    }

    public void Enter()
    {
        lock (_lock)
        {
            _activeCount++;
            _opened.TrySetResult();
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (--_activeCount == 0)
            {
                _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
