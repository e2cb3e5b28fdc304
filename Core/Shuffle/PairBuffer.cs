using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>
/// Gathers pairs by key in memory, until it is full and its content is spilled or until the end; all values of a key become one. Used by one thread.
/// </summary>
internal abstract class PairBuffer<TKey, TIn, TOut> : IDisposable
{
    private readonly TKey[] _batchKeys = new TKey[BatchReader.Capacity];
    private readonly int[] _batchNumbers = new int[BatchReader.Capacity];

    /// <summary>The keys held.</summary>
    public KeyIndex<TKey> Index { get; } = KeyIndex<TKey>.Create();

    /// <summary>Whether it should be spilled before another batch is added: the batch could exceed the limit. Not asked while it is empty.</summary>
    public abstract bool IsFull { get; }

    /// <summary>Adds a batch.</summary>
    public void Add(ReadOnlySpan<(TKey Key, TIn Value)> pairs)
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

    /// <summary>Prepares for <see cref="Read"/>. Nothing is added afterwards.</summary>
    public abstract void Complete();

    /// <summary>The pairs of some keys.</summary>
    /// <param name="numbers">Numbers of keys.</param>
    /// <param name="pairs">Receives a pair for each.</param>
    public abstract void Read(ReadOnlySpan<int> numbers, Span<(TKey Key, TOut Value)> pairs);

    /// <summary>Removes everything and keeps the memory.</summary>
    public abstract void Clear();

    /// <summary>Returns the memory.</summary>
    public abstract void Dispose();

    /// <summary>Adds the values of a batch.</summary>
    /// <param name="numbers">The number of each pair's key.</param>
    /// <param name="known">Keys up to this number were there before; the first pair of each later one comes in the order of numbers.</param>
    private protected abstract void AddValues(ReadOnlySpan<(TKey Key, TIn Value)> pairs, ReadOnlySpan<int> numbers, int known);
}
