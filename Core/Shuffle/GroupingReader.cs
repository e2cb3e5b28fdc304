using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>How the pairs of a task are grouped. Used by its thread.</summary>
/// <param name="subject">What is grouped, in messages, such as <c>shuffle-7</c>.</param>
internal sealed class GroupingPlan<TKey, TValue>(string subject, MapOutputFiles files, ShuffleOptions options, TaskContext context)
{
    /// <summary>An empty buffer.</summary>
    public GroupingBuffer<TKey, TValue> NewBuffer() => new(context.Memory.Claim($"grouping of {subject}", options.SpillThresholdBytes));

    /// <summary>What writes pairs of a level by bucket.</summary>
    /// <param name="ranges">How; <see langword="null"/> for by the hashes of their keys.</param>
    public PartitioningMapWriter<TKey, TValue> NewSpreader(Partitioner? ranges, int level) =>
        new($"pairs of {subject}", files, options, ranges ?? new SpreadPartitioner(level), context);

    /// <summary>Groups the pairs of a task.</summary>
    /// <param name="pairs">Disposed with the result.</param>
    /// <param name="expectPairs">About how many there are. Asked when they are read.</param>
    public BatchReader<(TKey Key, TValue[] Values)> Open(BatchReader<(TKey Key, TValue Value)> pairs, Func<long>? expectPairs = null) =>
        new GroupingReader<TKey, TValue>(pairs, this, context, level: 0, expectPairs);

    /// <summary>Groups pairs. See <see cref="OpenBucket{TKey, TIn, TOut}"/>.</summary>
    public BatchReader<(TKey Key, TValue[] Values)> Open(BatchReader<(TKey Key, TValue Value)> pairs, int level, int expectedKeys) => level < SpreadReader.LastLevel
        ? new GroupingReader<TKey, TValue>(pairs, this, context, level)
        : OpenByHash(pairs, isByHash: false);

    /// <summary>Groups pairs, in the order of the stable hashes of their keys if something is spilled.</summary>
    /// <param name="pairs">Disposed with the result.</param>
    /// <param name="isByHash">Whether in that order in any case.</param>
    public BatchReader<(TKey Key, TValue[] Values)> OpenByHash(BatchReader<(TKey Key, TValue Value)> pairs, bool isByHash) => new ReducingReader<TKey, TValue, TValue[]>(
        pairs, NewBuffer(), new SpillRuns<TKey, TValue[]>(files, options, Merging.Concatenate, context), context, isByHash);
}

/// <summary>
/// Reads pairs to their end and gives the values of each key. When memory is full, all pairs are spread over buckets on disk, and grouped a bucket at a time in the same way: keys that come in
/// ascending order where they fit (<see cref="GroupingBuffer{TKey, TValue}"/>) do so there, too. Used by the task's thread.
/// </summary>
/// <param name="source">Disposed with the reader.</param>
/// <param name="level">How often the pairs were spread before.</param>
/// <param name="expectPairs">About how many pairs there are; <see langword="null"/> if nobody knows.</param>
internal sealed class GroupingReader<TKey, TValue>(
    BatchReader<(TKey Key, TValue Value)> source, GroupingPlan<TKey, TValue> plan, TaskContext context, int level, Func<long>? expectPairs = null)
    : BatchReader<(TKey Key, TValue[] Values)>
{
    // Until the pairs are spread.
    private GroupingBuffer<TKey, TValue>? _buffer = plan.NewBuffer();
    private BatchReader<(TKey Key, TValue[] Values)>? _result;
    private PartitioningMapWriter<TKey, TValue>? _spreader;
    private KeyOrder? _order;
    private bool _isDisposed;

    public override ReadOnlySpan<(TKey Key, TValue[] Values)> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        _result ??= Group();
        return _result.Next();
    }

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            source.Dispose();
            _result?.Dispose();
            _spreader?.Dispose();
            _buffer?.Dispose();
            _order?.Dispose();
        }

        base.Dispose(disposing);
    }

    private BatchReader<(TKey Key, TValue[] Values)> Group()
    {
        _buffer!.Reserve(expectPairs?.Invoke() ?? 0);
        for (var batch = source.Next(); !batch.IsEmpty; batch = source.Next())
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            if (_buffer is null)
            {
                _spreader!.Add(batch);
                continue;
            }

            _buffer.Add(batch);
            if (_buffer.IsFull)
            {
                SpreadAll(_buffer);
                _buffer = null;
            }
        }

        source.Dispose();
        if (_buffer is null)
        {
            var pairs = _spreader!.EndSpread();
            _spreader.Dispose();
            _spreader = null;
            return new SpreadReader<TKey, TValue, TValue[]>(pairs, plan.Open, context, level);
        }

        _buffer.Complete();
        _order = _buffer.OrderAll();
        return new BufferReader<TKey, TValue, TValue[]>(_buffer, _order, 0);
    }

    // Values do not become less by being grouped, so none of the others will find room.
    private void SpreadAll(GroupingBuffer<TKey, TValue> buffer)
    {
        _spreader = plan.NewSpreader(buffer.TryMakeRanges(), level);
        var pairs = BatchArrays.Rent<(TKey, TValue)>(BatchReader.Capacity);
        var position = 0;
        for (var count = buffer.ReadAsAdded(ref position, pairs); count > 0; count = buffer.ReadAsAdded(ref position, pairs))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            _spreader.Add(pairs.AsSpan(0, count));
        }

        BatchArrays.Return(ref pairs);
        buffer.Dispose();
    }
}
