namespace Orleans.Runtime;

/// <summary>Counts what is under way, for somebody who waits until nothing is. Thread-safe.</summary>
internal sealed class WorkCount
{
    private readonly Lock _gate = new();
    private int _count;
    private TaskCompletionSource? _none;

    /// <summary>Counts one more until the result is disposed.</summary>
    public Work Begin()
    {
        lock (_gate)
        {
            _count++;
        }

        return new Work(this);
    }

    /// <summary>Completes when nothing is under way.</summary>
    public Task WaitForNoneAsync()
    {
        lock (_gate)
        {
            return _count == 0 ? Task.CompletedTask : (_none ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void End()
    {
        lock (_gate)
        {
            if (--_count == 0)
            {
                _none?.TrySetResult();
                _none = null;
            }
        }
    }

    /// <summary>One piece of work. Disposed once.</summary>
    internal readonly struct Work(WorkCount owner) : IDisposable
    {
        public void Dispose() => owner.End();
    }
}
