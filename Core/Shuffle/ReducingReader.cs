using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>
/// Reads pairs to their end and gives one pair per key. What does not fit into memory is spilled in runs sorted by hash, and merged with the rest when it is read.
/// For what does not become less by being spread (<see cref="CombiningReader{TKey, TIn, TOut}"/>, <see cref="GroupingReader{TKey, TValue}"/>), and for groups that are merged with others by
/// hash. Used by the task's thread.
/// </summary>
/// <param name="source">Disposed with the reader.</param>
/// <param name="buffer">Empty; disposed with the reader.</param>
/// <param name="runs">Empty; disposed with the reader.</param>
/// <param name="isByHash">Whether the pairs must come in the order of the stable hashes of their keys also if nothing was spilled.</param>
internal sealed class ReducingReader<TKey, TIn, TOut>(
    BatchReader<(TKey Key, TIn Value)> source, PairBuffer<TKey, TIn, TOut> buffer, SpillRuns<TKey, TOut> runs, TaskContext context, bool isByHash = false)
    : BatchReader<(TKey Key, TOut Value)>
{
    private BatchReader<(TKey Key, TOut Value)>? _result;
    private KeyOrder? _order;
    private bool _isGathered;
    private bool _isDisposed;

    public override ReadOnlySpan<(TKey Key, TOut Value)> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        _result ??= Reduce();
        return _result.Next();
    }

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            source.Dispose();
            _result?.Dispose();
            runs.Dispose();
            buffer.Dispose();
            _order?.Dispose();
        }

        base.Dispose(disposing);
    }

    // Reads the source to its end, once.
    private void Gather()
    {
        while (!_isGathered)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            if (!TryAddNext())
            {
                source.Dispose();
                buffer.Complete();
                _isGathered = true;
            }
            else if (buffer.IsFull)
            {
                Spill();
            }
        }
    }

    private BatchReader<(TKey Key, TOut Value)> Reduce()
    {
        Gather();
        _order = buffer.OrderAll();
        var inMemory = new BufferReader<TKey, TIn, TOut>(buffer, _order, 0);
        if (runs.IsEmpty && !isByHash)
        {
            return inMemory;
        }

        _order.SortByHash(buffer);
        if (runs.IsEmpty)
        {
            return inMemory;
        }

        runs.Complete();
        return runs.Open(inMemory);
    }

    /// <returns><see langword="false"/> at the end.</returns>
    private bool TryAddNext()
    {
        var batch = source.Next();
        if (batch.IsEmpty)
        {
            return false;
        }

        buffer.Add(batch);
        return true;
    }

    private void Spill()
    {
        buffer.Complete();
        using var order = buffer.OrderAll();
        order.SortByHash(buffer);
        runs.Add(() => new BufferReader<TKey, TIn, TOut>(buffer, order, 0));
        buffer.Clear();
    }
}
