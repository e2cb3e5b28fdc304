namespace Orleans.Runtime;

/// <summary>A piece of work that is a turn of its own.</summary>
internal interface ITurn
{
    void Run();
}

/// <summary>
/// Runs the turns of one activation, one at a time, on the thread pool. It is the current task scheduler of every turn, so what follows an await comes back here.
/// </summary>
/// <remarks>
/// Turns queue up; the first makes the thread pool run the pump, which goes on until none is left or the quantum is over. The pump is a task, so that turns that
/// are not tasks see this scheduler, too. Between turns the execution context is reset: what a turn set in async locals ends with it.
/// </remarks>
internal sealed class TurnScheduler(IGrainContext? context, TurnSettings settings) : TaskScheduler, IWorkItemScheduler, IThreadPoolWorkItem
{
    private readonly Queue<object> _turns = new(2);
    private bool _isScheduled;
    private int _runningThread;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Turns that wait.</summary>
    public int Count
    {
        get
        {
            lock (_turns)
            {
                return _turns.Count;
            }
        }
    }

    public void QueueAction(Action action) => Enqueue(action);

    public void QueueAction(Action<object?> action, object? state) => Enqueue(new StateTurn(action, state));

    void IWorkItemScheduler.QueueTask(Task task) => task.Start(this);

    public void Enqueue(ITurn turn) => Enqueue((object)turn);

    void IThreadPoolWorkItem.Execute()
    {
        var pump = new Task(static state => ((TurnScheduler)state!).RunTurns(), this, CancellationToken.None, TaskCreationOptions.DenyChildAttach);
        var before = RuntimeContext.Exchange(context);
        _runningThread = Environment.CurrentManagedThreadId;
        try
        {
            pump.RunSynchronously(this);
        }
        finally
        {
            RuntimeContext.Exchange(before);
        }

        // The thread is given up with the last turn or the quantum; see RunTurns.
        if (!TryGoIdle())
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    protected override void QueueTask(Task task) => Enqueue(task);

    // Within a turn of this activation, a task may run at once as a part of that turn.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        _runningThread == Environment.CurrentManagedThreadId && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_turns)
        {
            return [.. _turns.OfType<Task>()];
        }
    }

    private void Enqueue(object turn)
    {
        lock (_turns)
        {
            _turns.Enqueue(turn);
            if (_isScheduled)
            {
                return;
            }

            _isScheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    private bool TryGoIdle()
    {
        lock (_turns)
        {
            _runningThread = 0;
            _isScheduled = _turns.Count > 0;
            return !_isScheduled;
        }
    }

    private bool TryDequeue(out object? turn)
    {
        lock (_turns)
        {
            return _turns.TryDequeue(out turn);
        }
    }

    private void RunTurns()
    {
        var clean = ExecutionContext.Capture();
        var start = Environment.TickCount64;
        while (TryDequeue(out var turn))
        {
            RunTurn(turn!);
            if (clean is not null)
            {
                ExecutionContext.Restore(clean);
            }

            var now = Environment.TickCount64;
            if (now - start >= settings.QuantumMilliseconds)
            {
                return;
            }
        }
    }

    private void RunTurn(object turn)
    {
        var start = Environment.TickCount64;
        try
        {
            switch (turn)
            {
                case Task task:
                    TryExecuteTask(task);
                    break;
                case ITurn own:
                    own.Run();
                    break;
                default:
                    ((Action)turn)();
                    break;
            }
        }
        catch (Exception exception)
        {
            settings.OnFailedTurn(context, exception);
        }

        var length = Environment.TickCount64 - start;
        if (length >= settings.WarningMilliseconds)
        {
            settings.OnLongTurn(context, turn, length);
        }
    }

    private sealed class StateTurn(Action<object?> action, object? state) : ITurn
    {
        public void Run() => action(state);
    }
}
