namespace Dpark.Memory;

/// <summary>
/// What one store of a worker keeps in memory beside tasks and cached partitions, such as its blocks. Counts, and is asked to give up what tasks need. Thread-safe.
/// </summary>
/// <remarks>A store takes what is free and no more: what does not fit goes to disk at once. Only what must be in memory is taken in any case, with <see cref="Take"/>.</remarks>
internal sealed class MemoryHolder
{
    private readonly WorkerMemory _worker;
    private readonly Func<long, long>? _giveUp;

    /// <param name="name">What it keeps, in messages, such as <c>map outputs</c>.</param>
    /// <param name="giveUp">
    /// Gets bytes that tasks need, gives back at least as many with <see cref="Return"/> if it can, and returns how many. Called by threads of tasks that hold no lock;
    /// must not throw. <see langword="null"/>: nothing can be given up.
    /// </param>
    internal MemoryHolder(WorkerMemory worker, string name, Func<long, long>? giveUp) => (_worker, Name, _giveUp) = (worker, name, giveUp);

    /// <summary>What it keeps, in messages.</summary>
    public string Name { get; }

    /// <summary>Bytes taken. Guarded by the worker's lock.</summary>
    internal long HeldBytes { get; set; }

    /// <summary>Whether it gives up anything for tasks.</summary>
    internal bool CanGiveUp => _giveUp is not null;

    /// <summary>Takes memory if it is free.</summary>
    public bool TryTake(long bytes) => _worker.TryTake(this, bytes);

    /// <summary>Takes memory even if it is not free, for something that is there already. The caller may hold locks; whoever does so calls <see cref="Settle"/> later.</summary>
    public void Take(long bytes) => _worker.Take(this, bytes);

    /// <summary>Has others give up memory if more is taken than there is. Called without locks.</summary>
    public void Settle() => _worker.Settle();

    /// <summary>Gives memory back.</summary>
    public void Return(long bytes) => _worker.Return(this, bytes);

    /// <returns>Bytes given up.</returns>
    internal long GiveUp(long bytes) => _giveUp?.Invoke(bytes) ?? 0;
}
