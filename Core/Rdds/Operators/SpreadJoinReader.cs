using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>
/// Joins a partition whose left side does not fit into memory bucket by bucket: both sides are written to disk once, spread by a hash that has nothing in common with the
/// partitioner's, so that what has one key is in one bucket. A bucket is joined as a partition is, and spread again if it still does not fit. Used by the task's thread.
/// </summary>
/// <param name="left">Read when the first pairs are asked for; disposed with the reader.</param>
/// <param name="openRight">Called after the left side was read to its end.</param>
/// <param name="level">How often both sides were spread before.</param>
internal sealed class SpreadJoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(
    BatchReader<(TKey Key, TLeft Value)> left,
    Func<BatchReader<(TKey Key, TRight Value)>> openRight,
    UnmatchedPairs unmatched,
    (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present,
    CallSite callSite,
    TaskContext context,
    int level) : BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>
    where TKey : notnull
{
    private ISpreadPairs<TKey, TLeft>? _left;
    private ISpreadPairs<TKey, TRight>? _right;
    private long _leftBytes;
    private long _rightBytes;
    private BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>? _bucket;
    private int _next;

    public override ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Next()
    {
        if (_right is null)
        {
            Spread();
        }

        while (_bucket is not null || TryOpenNext())
        {
            var output = _bucket!.Next();
            if (!output.IsEmpty)
            {
                return output;
            }

            _bucket.Dispose();
            _bucket = null;
        }

        return default;
    }

    protected override void Dispose(bool disposing)
    {
        _bucket?.Dispose();
        _left?.Dispose();
        _right?.Dispose();
        left.Dispose();
        base.Dispose(disposing);
    }

    private void Spread()
    {
        var partitioner = new SpreadPartitioner(level);
        _left = context.Shuffle.Spread(left, partitioner, context);
        _right = context.Shuffle.Spread(openRight(), partitioner, context);
        for (var bucket = 0; bucket < SpreadPartitioner.BucketCount; bucket++)
        {
            _leftBytes += _left.BytesOf(bucket);
            _rightBytes += _right.BytesOf(bucket);
        }
    }

    private bool TryOpenNext()
    {
        for (; _next < SpreadPartitioner.BucketCount; _next++)
        {
            if (!HasResults(_next))
            {
                continue;
            }

            // Pairs of one key stay together, however often they are spread.
            var isSmaller = _left!.BytesOf(_next) <= _leftBytes / 2;
            _bucket = new JoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(
                JoinSide<TKey, TLeft>.Of(_left, _next, _leftBytes),
                JoinSide<TKey, TRight>.Of(_right!, _next, _rightBytes),
                unmatched,
                present,
                callSite,
                context,
                isSmaller ? level + 1 : JoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>.LastLevel);
            _next++;
            return true;
        }

        return false;
    }

    private bool HasResults(int bucket) => (_left!.BytesOf(bucket) > 0, _right!.BytesOf(bucket) > 0) switch
    {
        (true, true) => true,
        (true, false) => (unmatched & UnmatchedPairs.Left) != 0,
        (false, true) => (unmatched & UnmatchedPairs.Right) != 0,
        _ => false,
    };
}
