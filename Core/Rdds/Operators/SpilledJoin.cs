using Dpark.Caching;
using Dpark.Partitioning;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>
/// Joins a partition whose left side does not fit into memory and has few keys, or must be grouped: both sides are grouped by key in the order of hashes, with runs on
/// disk, and read side by side. Memory is that of the grouping and the values of one key. Slow: see <see cref="JoinReader{TKey, TLeft, TRight, TLeftOut, TRightOut}"/> for other ways.
/// </summary>
internal static class SpilledJoin
{
    /// <summary>The groups of both sides, each key once.</summary>
    /// <param name="start">What was loaded of the left side; disposed here.</param>
    /// <param name="rest">What was not.</param>
    /// <param name="openRight">Opens the right side, after the left one is grouped.</param>
    /// <exception cref="Memory.MemoryExhaustedException">The pairs cannot be spilled.</exception>
    public static BatchReader<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> Open<TKey, TLeft, TRight>(
        LoadedPairs<TKey, TLeft> start, BatchReader<(TKey Key, TLeft Value)> rest, Func<BatchReader<(TKey Key, TRight Value)>> openRight, TaskContext context)
        where TKey : notnull
    {
        if (!Spillable<TKey, TLeft>.IsSupported || !Spillable<TKey, TRight>.IsSupported)
        {
            throw start.Exhausted();
        }

        var loaded = new SpreadReader<TKey, TLeft>(context.Shuffle.Spread(start.ReadOut(), OneBucketPartitioner.Instance, context));
        var left = context.Shuffle.Group(new ChainedReader<(TKey Key, TLeft Value)>([loaded, rest]), isByHash: true, context);
        return new GroupMerger<TKey, TLeft, TRight>(left, () => context.Shuffle.Group(openRight(), isByHash: true, context), context);
    }

    /// <summary>Pairs every left value of a key with every right one.</summary>
    /// <param name="groups">Disposed with the result.</param>
    public static BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Pair<TKey, TLeft, TRight, TLeftOut, TRightOut>(
        BatchReader<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> groups,
        UnmatchedPairs unmatched,
        (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present) =>
        new GroupPairer<TKey, TLeft, TRight, TLeftOut, TRightOut>(groups, unmatched, present);
}

/// <summary>Reads two streams of groups that are in the order of hashes side by side. Used by the task's thread.</summary>
/// <param name="left">Disposed with the reader.</param>
/// <param name="openRight">Called once the left stream has begun; disposed with the reader.</param>
internal sealed class GroupMerger<TKey, TLeft, TRight>(
    BatchReader<(TKey Key, TLeft[] Values)> left, Func<BatchReader<(TKey Key, TRight[] Values)>> openRight, TaskContext context)
    : BatchReader<(TKey Key, (TLeft[] Left, TRight[] Right) Value)>
{
    private readonly (TKey Key, (TLeft[] Left, TRight[] Right) Value)[] _output = new (TKey Key, (TLeft[] Left, TRight[] Right) Value)[BatchReader.Capacity];

    // Keys with equal hashes, mostly one.
    private readonly Queue<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> _group = new();
    private Cursor<TLeft>? _left;
    private Cursor<TRight>? _right;

    public override ReadOnlySpan<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        _left ??= new Cursor<TLeft>(left);
        _right ??= new Cursor<TRight>(openRight());
        var count = 0;
        while (count < _output.Length && (_group.Count > 0 || TryFillGroup(_left, _right)))
        {
            _output[count++] = _group.Dequeue();
        }

        return _output.AsSpan(0, count);
    }

    protected override void Dispose(bool disposing)
    {
        left.Dispose();
        _right?.Dispose();
        base.Dispose(disposing);
    }

    private bool TryFillGroup(Cursor<TLeft> left, Cursor<TRight> right)
    {
        if (left.IsDone && right.IsDone)
        {
            return false;
        }

        var hash = left.IsDone ? right.Hash : right.IsDone ? left.Hash : Math.Min(left.Hash, right.Hash);
        var rights = new List<(TKey Key, TRight[] Values)>();
        for (; !right.IsDone && right.Hash == hash; right.Advance())
        {
            rights.Add(right.Group);
        }

        for (; !left.IsDone && left.Hash == hash; left.Advance())
        {
            var (key, values) = left.Group;
            var match = rights.FindIndex(group => EqualityComparer<TKey>.Default.Equals(group.Key, key));
            _group.Enqueue((key, (values, match < 0 ? [] : rights[match].Values)));
            if (match >= 0)
            {
                rights.RemoveAt(match);
            }
        }

        foreach (var (key, values) in rights)
        {
            _group.Enqueue((key, ([], values)));
        }

        return true;
    }

    /// <summary>Stands on one group of a stream.</summary>
    private sealed class Cursor<TValue> : IDisposable
    {
        private readonly BatchReader<(TKey Key, TValue[] Values)> _source;
        private readonly TKey[] _keys = new TKey[BatchReader.Capacity];
        private readonly ulong[] _hashes = new ulong[BatchReader.Capacity];
        private (TKey Key, TValue[] Values)[] _groups = [];
        private int _position;
        private int _count;

        public Cursor(BatchReader<(TKey Key, TValue[] Values)> source)
        {
            _source = source;
            Fill();
        }

        public bool IsDone => _count == 0;

        public ulong Hash => _hashes[_position];

        public (TKey Key, TValue[] Values) Group => _groups[_position];

        public void Advance()
        {
            if (++_position == _count)
            {
                Fill();
            }
        }

        public void Dispose() => _source.Dispose();

        private void Fill()
        {
            var batch = _source.Next();
            _groups = batch.ToArray();
            for (var i = 0; i < batch.Length; i++)
            {
                _keys[i] = batch[i].Key;
            }

            StableHasher<TKey>.Default.Hash(_keys.AsSpan(0, batch.Length), _hashes);
            _position = 0;
            _count = batch.Length;
        }
    }
}

/// <summary>Writes out the pairs of groups. Used by the task's thread.</summary>
internal sealed class GroupPairer<TKey, TLeft, TRight, TLeftOut, TRightOut>(
    BatchReader<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> groups,
    UnmatchedPairs unmatched,
    (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present) : BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>
{
    private readonly (TKey Key, (TLeftOut Left, TRightOut Right) Value)[] _output = new (TKey Key, (TLeftOut Left, TRightOut Right) Value)[BatchReader.Capacity];
    private (TKey Key, (TLeft[] Left, TRight[] Right) Value)[] _batch = [];
    private int _group = -1;
    private int _nextLeft;
    private int _nextRight;

    public override ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Next()
    {
        var count = 0;
        while (count < _output.Length && TryFindGroup())
        {
            count = Write(_batch[_group], count);
        }

        return _output.AsSpan(0, count);
    }

    protected override void Dispose(bool disposing)
    {
        groups.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Goes on to a group of which something is left to write.</summary>
    private bool TryFindGroup()
    {
        while (_group < 0 || _nextLeft >= LeftCount(_batch[_group]) || RightCount(_batch[_group]) == 0)
        {
            (_nextLeft, _nextRight) = (0, 0);
            if (++_group < _batch.Length)
            {
                continue;
            }

            _batch = groups.Next().ToArray();
            _group = 0;
            if (_batch.Length == 0)
            {
                _group = -1;
                return false;
            }
        }

        return true;
    }

    // A side without values counts as one missing value where the other side's values are kept.
    private int LeftCount((TKey Key, (TLeft[] Left, TRight[] Right) Value) group) =>
        group.Value.Left.Length > 0 ? group.Value.Left.Length : (unmatched & UnmatchedPairs.Right) != 0 ? 1 : 0;

    private int RightCount((TKey Key, (TLeft[] Left, TRight[] Right) Value) group) =>
        group.Value.Right.Length > 0 ? group.Value.Right.Length : (unmatched & UnmatchedPairs.Left) != 0 ? 1 : 0;

    private int Write((TKey Key, (TLeft[] Left, TRight[] Right) Value) group, int count)
    {
        var (lefts, rights) = group.Value;
        for (; _nextLeft < LeftCount(group); _nextLeft++)
        {
            var left = lefts.Length > 0 ? present.Left(lefts[_nextLeft]) : default!;
            for (; _nextRight < RightCount(group); _nextRight++)
            {
                if (count == _output.Length)
                {
                    return count;
                }

                _output[count++] = (group.Key, (left, rights.Length > 0 ? present.Right(rights[_nextRight]) : default!));
            }

            _nextRight = 0;
        }

        return count;
    }
}
