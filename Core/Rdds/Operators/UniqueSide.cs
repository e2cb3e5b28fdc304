using Dpark.Caching;
using Dpark.Memory;
using Dpark.Shuffle;

namespace Dpark.Rdds.Operators;

/// <summary>
/// One side of a join, read to its end into <see cref="UniquePairs{TKey, TValue}"/>, or in a table that its source has. If that is not possible, because a key comes twice or there are too many,
/// nothing is lost: it can be read again. Used by one thread.
/// </summary>
/// <param name="source">Owned.</param>
/// <param name="memory">What the pairs may hold; owned.</param>
internal sealed class UniqueSide<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> source, MemoryClaim memory) : IDisposable
{
    // Read from the source and not among the pairs.
    private (TKey Key, TValue Value)[] _rest = [];

    private readonly UniquePairs<TKey, TValue> _pairs = new(memory);
    private NumberTable<TKey, TValue>? _table;

    /// <summary>The pairs, once all are loaded.</summary>
    public NumberTable<TKey, TValue> Table => _table ?? _pairs.Table;

    /// <summary>Reads all pairs, unless the source has them in a table, which then is taken as it is.</summary>
    /// <returns><see langword="false"/> if a key came twice or the pairs take more memory than they may: see <see cref="ReadAgain"/>.</returns>
    public bool TryLoad(CancellationToken cancellationToken)
    {
        _table = (source as ITableSource<TKey, TValue>)?.TryTakeTable();
        if (_table is not null)
        {
            return true;
        }

        for (var batch = source.Next(); !batch.IsEmpty; batch = source.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var added = _pairs.Add(batch);
            if (added < batch.Length || _pairs.IsFull)
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
        new ChainedReader<(TKey Key, TValue Value)>([_pairs.ReadOut(), new ArrayReader<(TKey Key, TValue Value)>(_rest), source]);

    /// <summary>Closes the source and returns the memory.</summary>
    public void Dispose()
    {
        source.Dispose();
        _pairs.Dispose();
    }
}
