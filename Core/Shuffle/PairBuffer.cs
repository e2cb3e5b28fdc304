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

    /// <summary>Keys that it has. Exact after <see cref="Complete"/>.</summary>
    public abstract int Count { get; }

    /// <summary>Makes room for so many keys at once, if there is memory for them: how many come is mostly known, where pairs were spread.</summary>
    public virtual void Expect(int keys)
    {
    }

    /// <summary>Whether others wait for the memory that it has.</summary>
    public bool MustGiveBack => memory.MustGiveBack;

    /// <summary>Whether values can be added to the keys that are there, and nothing else, without taking more memory: <see cref="AddKnown"/>.</summary>
    public virtual bool CanAddKnown => false;

    /// <summary>Adds a batch.</summary>
    public abstract void Add(ReadOnlySpan<(TKey Key, TIn Value)> pairs);

    /// <summary>Adds those pairs of a batch whose keys are there, or have a place that nothing else can use.</summary>
    /// <param name="others">Receives the other pairs; as long as the batch.</param>
    /// <returns>How many others there are.</returns>
    public virtual int AddKnown(ReadOnlySpan<(TKey Key, TIn Value)> pairs, Span<(TKey Key, TOut Value)> others) => throw new NotSupportedException();

    /// <summary>Whether it is full because it would rather keep the keys of a range than those that are there, which are fewer: then others are given up first.</summary>
    public virtual bool HasChosenRange => false;

    /// <summary>How pairs whose keys are not kept are best spread; <see langword="null"/> for by the hashes of their keys.</summary>
    public virtual Partitioner? TryMakeRanges() => null;

    /// <summary>As <see cref="ReadOn"/>, those pairs alone that are given up.</summary>
    public virtual int ReadOthers(ref int position, Span<(TKey Key, TOut Value)> others) => throw new NotSupportedException();

    /// <summary>Forgets those pairs, and has places for all keys of the range.</summary>
    public virtual void KeepRange() => throw new NotSupportedException();

    /// <summary>What pairs become that are the first ones of their keys, without adding them.</summary>
    /// <param name="begun">As long as <paramref name="pairs"/>.</param>
    public virtual void Begin(ReadOnlySpan<(TKey Key, TIn Value)> pairs, Span<(TKey Key, TOut Value)> begun) => throw new NotSupportedException();

    /// <summary>What found no room in the last batch, once.</summary>
    public virtual ReadOnlySpan<(TKey Key, TIn Value)> TakeWaiting() => default;

    /// <summary>Prepares for <see cref="Read"/> and <see cref="ReadOn"/>. Only <see cref="AddKnown"/> adds anything afterwards, and then it is called again.</summary>
    public abstract void Complete();

    /// <summary>All keys in one bucket. The caller disposes the order.</summary>
    public abstract KeyOrder OrderAll();

    /// <summary>The keys by the bucket that a partitioner puts them into.</summary>
    /// <returns><see langword="null"/> if the pairs are better read on, and put into their buckets then. The caller disposes it.</returns>
    public virtual KeyOrder? TryOrderByBucket(Partitioner partitioner) => null;

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

    /// <summary>Reads the next pairs in the order in which they lie.</summary>
    /// <param name="position">0 for the first ones; is moved on.</param>
    /// <returns>How many there are; 0 at the end.</returns>
    public virtual int ReadOn(ref int position, Span<(TKey Key, TOut Value)> pairs) => throw new NotSupportedException();

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

    public sealed override int Count => Index.Count;

    public sealed override int AddKnown(ReadOnlySpan<(TKey Key, TIn Value)> pairs, Span<(TKey Key, TOut Value)> others)
    {
        for (var i = 0; i < pairs.Length; i++)
        {
            _batchKeys[i] = pairs[i].Key;
        }

        var numbers = _batchNumbers.AsSpan(0, pairs.Length);
        Index.Find(_batchKeys.AsSpan(0, pairs.Length), numbers);
        return AddKnown(pairs, numbers, others);
    }

    public sealed override KeyOrder OrderAll()
    {
        var order = KeyOrder.OneBucket(Index.Count);
        ListNumbers(order.NumbersOf(0));
        return order;
    }

    public sealed override KeyOrder TryOrderByBucket(Partitioner partitioner)
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

    /// <summary>Adds values to keys that are there.</summary>
    /// <param name="numbers">The number of each pair's key; -1 for those that are not there.</param>
    /// <param name="others">Receives those.</param>
    /// <returns>How many there are.</returns>
    protected virtual int AddKnown(ReadOnlySpan<(TKey Key, TIn Value)> pairs, ReadOnlySpan<int> numbers, Span<(TKey Key, TOut Value)> others) =>
        throw new NotSupportedException();

    /// <summary>Lists the numbers of all keys in the order in which they are read fastest.</summary>
    private protected virtual void ListNumbers(Span<int> numbers) => KeyOrder.Number(numbers);

    /// <summary>Adds the values of a batch.</summary>
    /// <param name="numbers">The number of each pair's key.</param>
    /// <param name="known">Keys up to this number were there before; the first pair of each later one comes in the order of numbers.</param>
    private protected abstract void AddValues(ReadOnlySpan<(TKey Key, TIn Value)> pairs, ReadOnlySpan<int> numbers, int known);
}
