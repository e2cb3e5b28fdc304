using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>
/// Gathers pairs by key in memory, until it is full and its content is spilled or until the end; all values of a key become one. Keys have numbers, which mean
/// something to the buffer alone. Used by one thread.
/// </summary>
/// <param name="memory">What it may hold; owned.</param>
internal abstract class PairBuffer<TKey, TIn, TOut>(MemoryClaim memory) : IDisposable
{
    /// <summary>What it may hold.</summary>
    protected MemoryClaim Memory => memory;

    /// <summary>Whether it should be spilled before another batch is added: the batch could exceed what it may hold. Not asked while it is empty.</summary>
    public abstract bool IsFull { get; }

    /// <summary>Where all pairs are, if that is a table of numbers; else <see langword="null"/>. Complete when the buffer is.</summary>
    public virtual NumberTable<TKey, TOut>? Table => null;

    /// <summary>Adds a batch.</summary>
    public abstract void Add(ReadOnlySpan<(TKey Key, TIn Value)> pairs);

    /// <summary>Prepares for <see cref="Read"/>. Nothing is added afterwards.</summary>
    public abstract void Complete();

    /// <summary>All keys in one bucket. The caller disposes the order.</summary>
    public abstract KeyOrder OrderAll();

    /// <summary>The keys by the bucket that a partitioner puts them into. The caller disposes the order.</summary>
    public abstract KeyOrder OrderByBucket(Partitioner partitioner);

    /// <summary>The pairs by bucket in the form in which they are written fastest, if there is one that needs no order. After <see cref="Complete"/>.</summary>
    /// <returns><see langword="null"/> if there is none. The caller disposes it.</returns>
    public virtual IBucketFrames? TryMarkBuckets(Partitioner partitioner) => null;

    /// <summary>Adds the pairs of a dense frame at once, if that is possible and there is room.</summary>
    /// <param name="payload">A <see cref="DenseFrame{TKey, TValue}"/>, checked.</param>
    /// <returns><see langword="false"/> if they must be added by <see cref="Add"/>.</returns>
    public virtual bool TryAddFrame(ReadOnlySpan<byte> payload) => false;

    /// <summary>The stable hashes of some keys.</summary>
    /// <param name="numbers">Numbers of keys.</param>
    /// <param name="hashes">Receives a hash for each.</param>
    public abstract void HashesOf(ReadOnlySpan<int> numbers, Span<ulong> hashes);

    /// <summary>The pairs of some keys.</summary>
    /// <param name="numbers">Numbers of keys.</param>
    /// <param name="pairs">Receives a pair for each.</param>
    public abstract void Read(ReadOnlySpan<int> numbers, Span<(TKey Key, TOut Value)> pairs);

    /// <summary>Removes everything but what found no room in the last batch. Keeps the memory for what comes next, unless others need it.</summary>
    public void Clear()
    {
        if (memory.MustGiveBack)
        {
            ReleaseAll();
            memory.Release();
        }
        else
        {
            RemoveAll();
        }

        AddWaiting();
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        ReleaseAll();
        memory.Dispose();
    }

    /// <summary>Adds what found no room in the last batch.</summary>
    protected virtual void AddWaiting()
    {
    }

    /// <summary>Removes everything and keeps the memory.</summary>
    protected abstract void RemoveAll();

    /// <summary>Removes everything and returns the memory.</summary>
    protected abstract void ReleaseAll();
}

/// <summary>A buffer over a <see cref="KeyIndex{TKey}"/>, for keys of any type: a key's number is its place in arrays.</summary>
internal abstract class IndexedPairBuffer<TKey, TIn, TOut>(MemoryClaim memory) : PairBuffer<TKey, TIn, TOut>(memory)
{
    private readonly TKey[] _batchKeys = new TKey[BatchReader.Capacity];
    private readonly int[] _batchNumbers = new int[BatchReader.Capacity];

    /// <summary>The keys held.</summary>
    protected KeyIndex<TKey> Index { get; } = KeyIndex<TKey>.Create();

    public sealed override void Add(ReadOnlySpan<(TKey Key, TIn Value)> pairs)
    {
        for (var i = 0; i < pairs.Length; i++)
        {
            _batchKeys[i] = pairs[i].Key;
        }

        var numbers = _batchNumbers.AsSpan(0, pairs.Length);
        var known = Index.Count;
        Index.Locate(_batchKeys.AsSpan(0, pairs.Length), numbers);
        AddValues(pairs, numbers, known);
    }

    public sealed override KeyOrder OrderAll()
    {
        var order = KeyOrder.OneBucket(Index.Count);
        ListNumbers(order.NumbersOf(0));
        return order;
    }

    public sealed override KeyOrder OrderByBucket(Partitioner partitioner)
    {
        var numbers = new PooledList<int>();
        try
        {
            var all = numbers.ExtendTo(Index.Count)[..Index.Count];
            KeyOrder.Number(all);
            return KeyOrder.ByBucket(Index.Keys, all, partitioner);
        }
        finally
        {
            numbers.Dispose();
        }
    }

    public sealed override void HashesOf(ReadOnlySpan<int> numbers, Span<ulong> hashes)
    {
        var all = Index.Hashes;
        for (var i = 0; i < numbers.Length; i++)
        {
            hashes[i] = all[numbers[i]];
        }
    }

    /// <summary>Lists the numbers of all keys in the order in which they are read fastest.</summary>
    private protected virtual void ListNumbers(Span<int> numbers) => KeyOrder.Number(numbers);

    /// <summary>Adds the values of a batch.</summary>
    /// <param name="numbers">The number of each pair's key.</param>
    /// <param name="known">Keys up to this number were there before; the first pair of each later one comes in the order of numbers.</param>
    private protected abstract void AddValues(ReadOnlySpan<(TKey Key, TIn Value)> pairs, ReadOnlySpan<int> numbers, int known);
}
