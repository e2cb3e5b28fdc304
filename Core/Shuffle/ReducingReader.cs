using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>
/// Reads pairs to their end and gives one pair per key. What does not fit into memory is spilled in runs sorted by hash, and merged with the rest when it is read.
/// Used by the task's thread.
/// </summary>
/// <param name="source">Disposed with the reader.</param>
/// <param name="buffer">Empty; disposed with the reader.</param>
internal sealed class ReducingReader<TKey, TIn, TOut>(
    BatchReader<(TKey Key, TIn Value)> source, PairBuffer<TKey, TIn, TOut> buffer, MergeValues<TOut> merge, ShuffleId shuffle, MapOutputFiles files,
    ShuffleOptions options, TaskContext context) : BatchReader<(TKey Key, TOut Value)>
{
    private readonly SpillRuns<TKey, TOut> _runs = new(shuffle, 1, files, options, merge, context);
    private BatchReader<(TKey Key, TOut Value)>? _result;
    private KeyOrder? _order;
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
            _runs.Dispose();
            buffer.Dispose();
            _order?.Dispose();
        }

        base.Dispose(disposing);
    }

    private BatchReader<(TKey Key, TOut Value)> Reduce()
    {
        for (var batch = source.Next(); !batch.IsEmpty; batch = source.Next())
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            buffer.Add(batch);
            if (buffer.IsFull)
            {
                Spill();
            }
        }

        source.Dispose();
        buffer.Complete();
        _order = buffer.OrderAll();
        var inMemory = new BufferReader<TKey, TIn, TOut>(buffer, _order, 0);
        if (_runs.IsEmpty)
        {
            return inMemory;
        }

        _order.SortByHash(buffer);
        _runs.Complete();
        return _runs.Open(0, inMemory);
    }

    private void Spill()
    {
        buffer.Complete();
        using var order = buffer.OrderAll();
        order.SortByHash(buffer);
        _runs.Add(bucket => new BufferReader<TKey, TIn, TOut>(buffer, order, bucket));
        buffer.Clear();
    }
}
