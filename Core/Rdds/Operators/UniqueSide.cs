using Dpark.Caching;
using Dpark.Memory;

namespace Dpark.Rdds.Operators;

/// <summary>
/// One side of a join, read to its end into <see cref="UniquePairs{TKey, TValue}"/>. If that is not possible, because a key comes twice or there are too many,
/// nothing is lost: it can be read again. Used by one thread.
/// </summary>
/// <param name="source">Owned.</param>
/// <param name="memory">What the pairs may hold; owned.</param>
internal sealed class UniqueSide<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> source, MemoryClaim memory) : IDisposable
{
    // Read from the source and not among the pairs.
    private (TKey Key, TValue Value)[] _rest = [];

    /// <summary>The pairs, once all are loaded.</summary>
    public UniquePairs<TKey, TValue> Pairs { get; } = new(memory);

    /// <summary>Reads all pairs.</summary>
    /// <returns><see langword="false"/> if a key came twice or the pairs take more memory than they may: see <see cref="ReadAgain"/>.</returns>
    public bool TryLoad(CancellationToken cancellationToken)
    {
        for (var batch = source.Next(); !batch.IsEmpty; batch = source.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var added = Pairs.Add(batch);
            if (added < batch.Length || Pairs.IsFull)
            {
                _rest = batch[added..].ToArray();
                return false;
            }
        }

        source.Dispose();
        return true;
    }

    /// <summary>All pairs of the side, in another order than that of the source. Owned by this side, too, until it is read to its end or disposed.</summary>
    public BatchReader<(TKey Key, TValue Value)> ReadAgain() =>
        new ChainedReader<(TKey Key, TValue Value)>([Pairs.ReadOut(), new ArrayReader<(TKey Key, TValue Value)>(_rest), source]);

    /// <summary>Closes the source and returns the memory.</summary>
    public void Dispose()
    {
        source.Dispose();
        Pairs.Dispose();
    }
}
