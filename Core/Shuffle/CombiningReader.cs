using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>
/// Reads pairs to their end and gives one pair per key: first those of the keys that stayed in memory, then what was spread over buckets on disk, a bucket at a time, which is
/// combined in the same way. Used by the task's thread.
/// </summary>
/// <param name="source">Disposed with the reader.</param>
/// <param name="buffer">Empty; disposed with the reader.</param>
/// <param name="level">How often the pairs were spread before.</param>
internal sealed class CombiningReader<TKey, TIn, TOut>(
    BatchReader<(TKey Key, TIn Value)> source, PairBuffer<TKey, TIn, TOut> buffer, CombiningPlan<TKey, TOut> plan, TaskContext context, int level = 0)
    : BatchReader<(TKey Key, TOut Value)>, ITableSource<TKey, TOut>, IKeyCounter
{
    private readonly Combiner<TKey, TIn, TOut> _combiner = new(buffer, ranges => plan.NewSpreader(ranges, level), context);
    private (TKey Key, TOut Value)[] _pairs = [];
    private SpreadPairs<TKey, TOut>? _spread;
    private BatchReader<(TKey Key, TOut Value)>? _buckets;
    private int _position;
    private bool _isGathered;
    private bool _isDisposed;

    /// <inheritdoc/>
    public int KeyCount { get; private set; }

    /// <inheritdoc/>
    public NumberTable<TKey, TOut>? TryTakeTable()
    {
        if (buffer.Table is not { } table)
        {
            return null;
        }

        Gather();
        return _spread is null ? table : null;
    }

    /// <summary>Reads the source to its end, unless that was done before.</summary>
    /// <returns>Whether all pairs are in the buffer.</returns>
    public bool IsAllInMemory()
    {
        Gather();
        return _spread is null;
    }

    public override ReadOnlySpan<(TKey Key, TOut Value)> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        Gather();
        if (_buckets is null)
        {
            if (_pairs.Length == 0)
            {
                _pairs = BatchArrays.Rent<(TKey, TOut)>(BatchReader.Capacity);
            }

            var count = buffer.ReadOn(ref _position, _pairs.AsSpan(0, BatchReader.Capacity));
            if (count > 0 || _spread is null)
            {
                return _pairs.AsSpan(0, count);
            }

            _combiner.Dispose();
            _buckets = new SpreadReader<TKey, TOut, TOut>(_spread, plan.Open, context, level);
        }

        return _buckets.Next();
    }

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            source.Dispose();
            _buckets?.Dispose();
            _spread?.Dispose();
            _combiner.Dispose();
            BatchArrays.Return(ref _pairs);
        }

        base.Dispose(disposing);
    }

    // Reads the source to its end, once.
    private void Gather()
    {
        if (_isGathered)
        {
            return;
        }

        while (TryAddNext())
        {
        }

        source.Dispose();
        _spread = _combiner.Complete();
        KeyCount = buffer.Count;
        _isGathered = true;
    }

    /// <returns><see langword="false"/> at the end.</returns>
    private bool TryAddNext()
    {
        if (source is IDenseFrameSource frames && frames.TryPeekFrame(out var payload) && _combiner.TryAddFrame(payload.Span))
        {
            frames.SkipFrame();
            return true;
        }

        var batch = source.Next();
        if (batch.IsEmpty)
        {
            return false;
        }

        _combiner.Add(batch);
        return true;
    }
}
