using Dpark.Configuration;
using Dpark.Tasks;

namespace Dpark.Memory;

/// <summary>The memory of one worker that grows with data, shared by running tasks, cached partitions and the worker's stores. Thread-safe.</summary>
/// <remarks>
/// <para>It counts, it does not allocate: whoever is about to grow asks first, in large steps, and spills or fails when refused.</para>
/// <para>The cache and the stores (<see cref="MemoryHolder"/>) take what is free. Tasks take what is free, then what the stores have, which goes to disk or is had again when
/// it is needed, and then what the cache holds above its protected part. Of what tasks may have together, each of N tasks
/// that hold something gets at most 1/N. One that has less than 1/(2N) is not refused at once: it waits while others give back what they hold above their share, which they
/// do when they next look (<see cref="MemoryClaim.TryHold(long)"/>). It never waits longer than <see cref="MemoryOptions.WaitLimit"/>, because a task that reads out its table
/// gives nothing back before its end. Within a task, each table or buffer leaves a quarter of what it finds of the share: a reduce table is still there when its records go
/// into the next shuffle. A quarter of a mebibyte is given to each of them in any case (<see cref="FloorBytes"/>), so tasks may exceed the budget by that much for each of the few that they
/// have at a time.</para>
/// <para>Evictor and stores are asked outside the lock, on the thread of the task that needs memory. Nobody calls out under the lock, so cache and stores may ask under their own;
/// memory that waits to be used again is dropped even then, because that calls nobody.</para>
/// </remarks>
public sealed partial class WorkerMemory
{
    private const int MaxHoldersNamed = 8;

    // What a table or buffer leaves of its task's share to those that the task opens later, as one over this.
    private const int LeftOver = 4;

    /// <summary>So little is given to each table or buffer, whatever the share is and even if it is not free, and not asked back: a file per batch would cost more.</summary>
    internal const long FloorBytes = 256 << 10;

    private readonly object _gate = new();
    private readonly List<TaskMemory> _tasks = [];
    private readonly TimeSpan _waitLimit;
    private readonly double _protectedShare;
    private readonly TimeProvider _timeProvider;
    private Func<long, long>? _evict;
    private long _cacheBytes;
    private long _taskBytes;
    private long _peakBytes;
    private int _activeCount;
    private int _waitingCount;

    /// <summary>Makes a budget of which nothing is taken.</summary>
    public WorkerMemory(MemoryOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        BudgetBytes = options.BudgetBytes;
        _protectedShare = options.ProtectedCacheShare;
        _waitLimit = options.WaitLimit;
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <summary>A budget that refuses nothing, of its own for each caller.</summary>
    internal static WorkerMemory Unlimited => new(new MemoryOptions { BudgetBytes = 1L << 50 }, TimeProvider.System);

    /// <summary>What may be taken.</summary>
    public long BudgetBytes { get; }

    /// <summary>What is taken now: by cached partitions, and by tasks.</summary>
    public (long CacheBytes, long TaskBytes) Used
    {
        get
        {
            lock (_gate)
            {
                return (_cacheBytes, _taskBytes);
            }
        }
    }

    /// <summary>The most that was taken at one time.</summary>
    public long PeakBytes
    {
        get
        {
            lock (_gate)
            {
                return _peakBytes;
            }
        }
    }

    /// <summary>Whether a task waits for memory now, so that those that hold more than their share should spill.</summary>
    internal bool IsWaitedFor => Volatile.Read(ref _waitingCount) > 0;

    /// <summary>Begins to count for an attempt.</summary>
    /// <param name="cancellationToken">Ends its waits.</param>
    public TaskMemory Open(TaskAttemptId attempt, CancellationToken cancellationToken = default)
    {
        var task = new TaskMemory(this, attempt, cancellationToken);
        lock (_gate)
        {
            _tasks.Add(task);
        }

        return task;
    }

    /// <summary>Sets who drops cached partitions when tasks need their memory.</summary>
    /// <param name="evict">Gets bytes that are wanted, gives back at least as many with <see cref="ReturnFromCache"/> if it can, and returns how many. Called by many threads.</param>
    internal void SetEvictor(Func<long, long> evict) => Volatile.Write(ref _evict, evict);

    /// <summary>Bytes that are missing before the cache can take so many.</summary>
    internal long MissingForCache(long bytes)
    {
        lock (_gate)
        {
            DropSpareFor(bytes);
            return bytes - FreeBytes;
        }
    }

    /// <summary>Takes memory for cached partitions, if it is free.</summary>
    internal bool TryTakeForCache(long bytes)
    {
        lock (_gate)
        {
            DropSpareFor(bytes);
            if (bytes > FreeBytes)
            {
                return false;
            }

            _cacheBytes += bytes;
            NotePeak();
            return true;
        }
    }

    /// <summary>Gives back what the cache has taken.</summary>
    internal void ReturnFromCache(long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        lock (_gate)
        {
            _cacheBytes -= bytes;
            WakeWaiting();
        }
    }

    /// <summary>Takes memory for a task.</summary>
    /// <param name="held">What the table or buffer has that asks.</param>
    /// <param name="bytes">What it needs beside that.</param>
    /// <param name="wanted">What it would like to have, at least <paramref name="bytes"/>: given if it is free and within its share.</param>
    /// <returns>Bytes taken; 0 if it was refused.</returns>
    /// <exception cref="OperationCanceledException">The task was cancelled while it waited.</exception>
    internal long Take(TaskMemory task, long held, long bytes, long wanted)
    {
        var start = _timeProvider.GetTimestamp();
        var isEvicted = false;
        while (true)
        {
            long evictable;
            lock (_gate)
            {
                Activate(task);
                while (true)
                {
                    var (most, least) = ShareOf(task);
                    var room = RoomIn(most, task, held);

                    // Each time: what others give back while this one waits may be such memory.
                    DropSpareFor(Math.Min(bytes, room));
                    if (bytes <= Math.Min(FreeBytes, room))
                    {
                        return Give(task, Math.Max(bytes, Math.Min(wanted, Math.Min(FreeBytes, room))));
                    }

                    if (bytes > room)
                    {
                        return Refuse(task);
                    }

                    evictable = isEvicted ? 0 : Math.Min(EvictableBytes, bytes - FreeBytes);
                    if (evictable > 0)
                    {
                        break;
                    }

                    if (held + bytes <= FloorBytes)
                    {
                        return Give(task, bytes);
                    }

                    if (task.HeldBytes + bytes > least || !WaitForOthers(task, start))
                    {
                        return Refuse(task);
                    }
                }
            }

            // Once per call: what is free afterwards may go to others, and dropping more and more for them helps nobody.
            isEvicted = true;
            MakeRoom(evictable);
        }
    }

    /// <summary>Gives back what a task has taken.</summary>
    internal void Return(TaskMemory task, long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        lock (_gate)
        {
            _taskBytes -= bytes;
            task.HeldBytes -= bytes;
            Deactivate(task);
            WakeWaiting();
        }
    }

    /// <summary>Stops counting for an attempt, and gives back what it has taken.</summary>
    internal void Close(TaskMemory task)
    {
        lock (_gate)
        {
            if (_tasks.Remove(task))
            {
                _taskBytes -= task.HeldBytes;
                task.HeldBytes = 0;
                Deactivate(task);
                WakeWaiting();
            }
        }
    }

    /// <summary>What a table or buffer of a task could hold by its share as it is now.</summary>
    internal long RoomFor(TaskMemory task, long held)
    {
        lock (_gate)
        {
            return RoomIn(ShareOf(task).Most, task, held) + held;
        }
    }

    /// <summary>What of its share a task has not taken, all of it: for what is there for a moment, nothing is left to those that come later.</summary>
    internal long LeftOfShare(TaskMemory task)
    {
        lock (_gate)
        {
            return ShareOf(task).Most - task.HeldBytes;
        }
    }

    /// <summary>Whether a task holds more than its share.</summary>
    internal bool IsOverShare(TaskMemory task)
    {
        lock (_gate)
        {
            return task.HeldBytes > ShareOf(task).Most;
        }
    }

    /// <summary>Who holds how much, for a message, the largest first: <c>cache 200 MiB, app-1/stage-2.0/1.0 180 MiB (combining for shuffle-3 180 MiB)</c>.</summary>
    internal string DescribeHolders()
    {
        lock (_gate)
        {
            List<(long Bytes, string Text)> holders = [(_cacheBytes, $"cache {ByteText.Of(_cacheBytes)}")];
            holders.AddRange(_tasks.Where(task => task.HeldBytes > 0).Select(task => (task.HeldBytes, $"{task.Attempt} {ByteText.Of(task.HeldBytes)}{task.DescribeClaims()}")));
            holders.AddRange(DescribeStores().Where(store => store.Bytes > 0));
            var named = holders.OrderByDescending(holder => holder.Bytes).Take(MaxHoldersNamed).Select(holder => holder.Text);
            var more = holders.Count > MaxHoldersNamed ? $", {holders.Count - MaxHoldersNamed} more" : "";
            return $"{string.Join(", ", named)}{more}";
        }
    }

    private long FreeBytes => BudgetBytes - _cacheBytes - _taskBytes - _holderBytes - SpareBytes;

    private long ProtectedBytes => (long)Math.Min(_cacheBytes, BudgetBytes * _protectedShare);

    private (long Most, long Least) ShareOf(TaskMemory task)
    {
        var pool = BudgetBytes - ProtectedBytes;
        var count = _activeCount + (task.IsActive ? 0 : 1);
        return (pool / count, pool / (2 * count));
    }

    /// <summary>What a table or buffer may take beside what it has, as far as the share goes.</summary>
    private static long RoomIn(long most, TaskMemory task, long held)
    {
        var found = most - (task.HeldBytes - held);
        return Math.Max(FloorBytes, found - (found / LeftOver)) - held;
    }

    private void Activate(TaskMemory task)
    {
        if (!task.IsActive)
        {
            task.IsActive = true;
            _activeCount++;
        }
    }

    private void Deactivate(TaskMemory task)
    {
        if (task is { IsActive: true, HeldBytes: 0 })
        {
            task.IsActive = false;
            _activeCount--;
        }
    }

    private long Give(TaskMemory task, long bytes)
    {
        _taskBytes += bytes;
        task.HeldBytes += bytes;
        NotePeak();
        return bytes;
    }

    private long Refuse(TaskMemory task)
    {
        Deactivate(task);
        return 0;
    }

    private void NotePeak() => _peakBytes = Math.Max(_peakBytes, _cacheBytes + _taskBytes + _holderBytes);

    private void WakeWaiting()
    {
        if (_waitingCount > 0)
        {
            Monitor.PulseAll(_gate);
        }
    }

    /// <returns>Whether something may have changed; <see langword="false"/> if the time for waiting is over, or nobody else holds anything.</returns>
    private bool WaitForOthers(TaskMemory task, long start)
    {
        var left = _waitLimit - _timeProvider.GetElapsedTime(start);
        if (left <= TimeSpan.Zero || _taskBytes == task.HeldBytes)
        {
            return false;
        }

        _waitingCount++;
        var wake = task.CancellationToken.UnsafeRegister(static memory => ((WorkerMemory)memory!).WakeAll(), this);
        try
        {
            // If it was cancelled before, the callback has run already, when there was nobody to wake. A later one waits for the lock.
            if (!task.CancellationToken.IsCancellationRequested)
            {
                Monitor.Wait(_gate, left);
            }
        }
        finally
        {
            // Not disposed, which would wait for the callback, which waits for the lock.
            wake.Unregister();
            _waitingCount--;
        }

        task.CancellationToken.ThrowIfCancellationRequested();
        return true;
    }

    private void WakeAll()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }
}
