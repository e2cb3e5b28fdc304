namespace Dpark.Memory;

/// <summary>
/// What one table or buffer of an attempt holds of the worker's budget. Asked once per batch; mostly answers from what it has. Used by the attempt's thread.
/// </summary>
/// <param name="limit">Most bytes that it may hold.</param>
internal sealed class MemoryClaim(WorkerMemory worker, TaskMemory task, string purpose, long limit) : IDisposable
{
    // What is asked for at once beyond the need, so that data that comes in small pieces does not ask for each.
    private const long SpareBytes = 1 << 20;

    private long _heldBytes;

    /// <summary>What it is for, in messages.</summary>
    public string Purpose => purpose;

    /// <summary>Bytes held.</summary>
    public long HeldBytes => Volatile.Read(ref _heldBytes);

    /// <summary>About how many bytes it could hold now.</summary>
    public long RoomBytes => Math.Min(limit, worker.RoomFor(task, _heldBytes));

    /// <summary>Whether others wait for memory of which the task holds more than its share. Only true of something that holds more than is given to everything.</summary>
    public bool MustGiveBack => worker.IsWaitedFor && _heldBytes > WorkerMemory.FloorBytes && worker.IsOverShare(task);

    /// <summary>Makes sure that at least so many bytes are held. May drop cached partitions, and wait for others, within the bounds of the <see cref="WorkerMemory"/>.</summary>
    /// <param name="bytes">What the owner holds, or is about to.</param>
    /// <returns><see langword="false"/> if the owner must spill: the limit or the budget is reached, or others need what it has.</returns>
    /// <exception cref="OperationCanceledException">The task was cancelled while it waited.</exception>
    public bool TryHold(long bytes) => TryHold(bytes, bytes + SpareBytes);

    /// <summary>As <see cref="TryHold(long)"/>.</summary>
    /// <param name="wanted">What is taken if it is free: asking again costs something.</param>
    public bool TryHold(long bytes, long wanted) => bytes <= _heldBytes ? !MustGiveBack : TryGrow(bytes, wanted);

    /// <summary>As <see cref="TryHold(long)"/>, for something that cannot spill.</summary>
    /// <exception cref="MemoryExhaustedException">It was refused.</exception>
    public void Hold(long bytes)
    {
        if (bytes > _heldBytes && !TryGrow(bytes, bytes + SpareBytes))
        {
            throw Exhausted(bytes);
        }
    }

    /// <summary>As <see cref="TryHold(long)"/>, for something that can neither spill nor fail: it is counted even if others must give up more than they have above their share.</summary>
    public void HoldAnyway(long bytes)
    {
        if (bytes > _heldBytes)
        {
            worker.TakeAnyway(task, bytes - _heldBytes);
            Volatile.Write(ref _heldBytes, bytes);
        }
    }

    /// <summary>Whether so many bytes more than it holds would be there for a moment, whatever its limit.</summary>
    public bool HasRoomBeside(long bytes) => bytes == 0 || worker.LeftOfShare(task) >= bytes;

    /// <summary>About how many bytes it could hold while so many others are there for a moment; negative if there is no room for those.</summary>
    public long RoomBytesBeside(long bytes) => Math.Min(RoomBytes, worker.LeftOfShare(task) + _heldBytes - bytes);

    /// <summary>Counts memory of a moment beside what it holds, such as a table until a larger one has taken its place, even if others must give up more than they have above their share.</summary>
    public void TakeBeside(long bytes)
    {
        if (bytes > 0)
        {
            worker.TakeAnyway(task, bytes);
        }
    }

    /// <summary>Gives that back.</summary>
    public void ReturnBeside(long bytes) => worker.Return(task, bytes);

    /// <summary>The failure of something that asked in vain.</summary>
    public MemoryExhaustedException Exhausted(long bytes) => new(task.Attempt, purpose, bytes, worker.BudgetBytes, worker.DescribeHolders());

    /// <summary>Gives back what it holds beyond so many bytes.</summary>
    public void ReturnBeyond(long bytes)
    {
        if (_heldBytes > bytes)
        {
            worker.Return(task, _heldBytes - bytes);
            Volatile.Write(ref _heldBytes, bytes);
        }
    }

    /// <summary>Gives everything back; it can be used again.</summary>
    public void Release() => ReturnBeyond(0);

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        Release();
        task.Forget(this);
    }

    private bool TryGrow(long bytes, long wanted)
    {
        if (bytes > limit)
        {
            return false;
        }

        var taken = worker.Take(task, _heldBytes, bytes - _heldBytes, Math.Min(wanted, limit) - _heldBytes);
        Volatile.Write(ref _heldBytes, _heldBytes + taken);
        return taken > 0;
    }
}
