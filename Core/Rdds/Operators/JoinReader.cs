using Dpark.Caching;
using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>
/// Joins one partition. First the left pairs are loaded, then the right pairs stream past them, then come the left pairs that none of these met. A side that is
/// numbers, no key of which comes twice, is a table in which the other side, as it streams by, finds the values themselves: the left one, or the right one where the
/// left one is no numbers. Used by the task's thread.
/// </summary>
/// <remarks>
/// If the left pairs do not fit, there are three ways, the first that can be gone and pays:
/// <list type="number">
/// <item>As many as fit are joined with the whole right side, then the next ones, which wait on disk: the right side is read once per such pass. Not if right pairs are
/// kept that have no partner, because no pass knows what the others meet, nor if the right side may be another one the next time.</item>
/// <item>Both sides are spread over buckets on disk by another hash of their keys, each of which is joined by itself (<see cref="SpreadJoinReader{TKey, TLeft, TRight, TLeftOut, TRightOut}"/>):
/// both are written and read once more.</item>
/// <item>Where that does not make the left side smaller, because so many of its pairs have one key, see <see cref="SpilledJoin"/>.</item>
/// </list>
/// </remarks>
/// <param name="level">How often both sides were spread before.</param>
internal sealed class JoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(
    JoinSide<TKey, TLeft> left,
    JoinSide<TKey, TRight> right,
    UnmatchedPairs unmatched,
    (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present,
    CallSite callSite,
    TaskContext context,
    int level = 0)
    : OperatorReader<(TKey Key, TLeft Value), (TKey Key, (TLeftOut Left, TRightOut Right) Value)>(left.Open(), callSite, context), IElementFeed<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>
    where TKey : notnull
{
    /// <summary>The level at which nothing is spread any more. Below it a left side may be 4,096 times as large as what fits.</summary>
    public const int LastLevel = 3;

    private const string LeftPurpose = "the left side of a join";
    private const string RightPurpose = "the right side of a join";

    // A right side that is larger than that may be much larger than the left one, which then is the better table.
    private const long MostRightBytes = 64 << 20;

    // What it costs to spread both sides and to read them back, in times of reading them and looking keys up.
    private const long SpreadCost = 3;

    // One of both has the left pairs of the pass, once the first ones have come.
    private UniquePairs<TKey, TLeft>? _unique;
    private JoinTable<TKey, TLeft>? _general;
    private bool _hasTwice = !UniquePairs<TKey, TLeft>.IsSupported;

    // Has the right pairs, if they are the table; or had some of them.
    private UniqueSide<TKey, TRight>? _rightSide;

    // What gives the result, of the pass.
    private BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>? _result;

    // Left pairs of later passes, once there is more than one; and the end of the batch that was full.
    private BatchReader<(TKey Key, TLeft Value)>? _rest;
    private (TKey Key, TLeft Value)[] _refused = [];
    private ((long PairCount, long Bytes) Left, (long PairCount, long Bytes) Right)? _sizes;
    private long _passCount;
    private long _passedCount;
    private bool _isLastPass;
    private bool _isDisposed;

    public override ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Next()
    {
        while (true)
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            _result ??= BeginPass();
            var output = _result.Next();
            if (!output.IsEmpty || _isLastPass)
            {
                return output;
            }

            EndPass();
        }
    }

    /// <inheritdoc/>
    public FeedResult Feed<TOut>(
        Action<(TKey Key, (TLeftOut Left, TRightOut Right) Value), Emitter<TOut>> expand, Emitter<TOut> emitter, CallSite callSite, ref RunPacer pacer)
    {
        while (true)
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            _result ??= BeginPass();
            var result = _result is IElementFeed<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> feed ? feed.Feed(expand, emitter, callSite, ref pacer) : FeedResult.Unable;
            if (result != FeedResult.Ended || _isLastPass)
            {
                return result;
            }

            EndPass();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            EndPass();
            _rightSide?.Dispose();
            _rest?.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool KeepsLeft => (unmatched & UnmatchedPairs.Left) != 0;

    private bool KeepsRight => (unmatched & UnmatchedPairs.Right) != 0;

    private LoadedPairs<TKey, TLeft> Loaded => _unique is not null ? _unique : Table;

    // Not asked for before it is known that there are no unique pairs.
    private JoinTable<TKey, TLeft> Table => _general ??= new JoinTable<TKey, TLeft>(Context.Memory.Claim(LeftPurpose));

    private BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> BeginPass()
    {
        if (_passCount++ == 0 && !UniquePairs<TKey, TLeft>.IsSupported && UniquePairs<TKey, TRight>.IsSupported && LoadRight() is { } table)
        {
            _isLastPass = true;
            return new UniqueJoinReader<TKey, TRight, TLeft, TRightOut, TLeftOut, TLeftOut, TRightOut, TableIsRight>(
                table, Source, (KeepsRight, KeepsLeft), (present.Right, present.Left), Context);
        }

        if (TryLoadLeft())
        {
            _isLastPass = true;
            return JoinLoaded();
        }

        if (PaysToReadRightAgain())
        {
            // Not kept open until the next pass: what comes from another worker would have to wait for it.
            _rest = _rest is null ? new SpreadReader<TKey, TLeft>(Context.Shuffle.Spread(TakeRest(), OneBucketPartitioner.Instance, Context)) : TakeRest();
            return JoinLoaded();
        }

        _isLastPass = true;
        if (level < LastLevel && Spillable<TKey, TLeft>.IsSupported && Spillable<TKey, TRight>.IsSupported)
        {
            return new SpreadJoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(
                new ChainedReader<(TKey Key, TLeft Value)>([Loaded.ReadOut(), TakeRest()]), OpenRight, unmatched, present, CallSite, Context, level);
        }

        return SpilledJoin.Pair(SpilledJoin.Open(Loaded, TakeRest(), OpenRight, Context), unmatched, present);
    }

    /// <summary>The left pairs that are not loaded.</summary>
    private BatchReader<(TKey Key, TLeft Value)> TakeRest()
    {
        var rest = _rest ?? Source;
        if (_refused.Length > 0)
        {
            rest = new ChainedReader<(TKey Key, TLeft Value)>([new ArrayReader<(TKey Key, TLeft Value)>(_refused), rest]);
            _refused = [];
        }

        return rest;
    }

    private BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> JoinLoaded()
    {
        if (_unique is not null)
        {
            return new UniqueJoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut, TLeftOut, TRightOut, TableIsLeft>(
                _unique.Table, OpenRight(), (KeepsLeft, KeepsRight), present, Context);
        }

        Table.Complete();
        return new TableJoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(Table, OpenRight(), unmatched, present, Context);
    }

    private void EndPass()
    {
        _result?.Dispose();
        _unique?.Dispose();
        _general?.Dispose();
        (_result, _unique, _general) = (null, null, null);
    }

    /// <summary>Says so after the left pairs of a pass were loaded that are not the last ones. The passes that were, are counted, so it cannot go on and on if memory gets less.</summary>
    private bool PaysToReadRightAgain()
    {
        if (KeepsRight || left.Measure is null || right.Measure is null || !Spillable<TKey, TLeft>.IsSupported)
        {
            return false;
        }

        _sizes ??= (left.Measure(), right.Measure());
        var (leftSize, rightSize) = _sizes.Value;
        var loadedCount = Loaded.PairCount;
        _passedCount += loadedCount;
        var morePasses = Math.Max(1, ((leftSize.PairCount - _passedCount) / loadedCount) + 1);
        return (_passCount - 1 + morePasses) * (double)rightSize.Bytes <= SpreadCost * (double)(leftSize.Bytes + rightSize.Bytes);
    }

    /// <returns><see langword="null"/> if the right pairs are no table.</returns>
    private NumberTable<TKey, TRight>? LoadRight()
    {
        _rightSide = new UniqueSide<TKey, TRight>(right.Open(), Context.Memory.Claim(RightPurpose, MostRightBytes));
        if (_rightSide.TryLoad(Context.CancellationToken))
        {
            return _rightSide.Table;
        }

        if (right.CanReadAgain)
        {
            // The left pairs need the memory.
            _rightSide.Dispose();
            _rightSide = null;
        }

        return null;
    }

    private BatchReader<(TKey Key, TRight Value)> OpenRight() => _rightSide is null ? right.Open() : _rightSide.ReadAgain();

    /// <returns><see langword="false"/> if there may be more than fit.</returns>
    private bool TryLoadLeft()
    {
        if (!_hasTwice)
        {
            var expectedCount = (left.Measure?.Invoke().PairCount ?? 0) - _passedCount;
            _unique = new UniquePairs<TKey, TLeft>(Context.Memory.Claim(LeftPurpose), expectedCount);
        }

        for (var input = PullLeft(); !input.IsEmpty; input = PullLeft())
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            Add(input);
            if (Loaded.IsFull)
            {
                return false;
            }
        }

        return true;
    }

    private ReadOnlySpan<(TKey Key, TLeft Value)> PullLeft() => _rest is null ? Pull() : _rest.Next();

    private void Add(ReadOnlySpan<(TKey Key, TLeft Value)> pairs)
    {
        if (_unique is not null)
        {
            pairs = pairs[_unique.Add(pairs)..];
            if (pairs.IsEmpty)
            {
                return;
            }

            if (_unique.IsFull)
            {
                _refused = pairs.ToArray();
                return;
            }

            ForgetUnique(_unique);
        }

        Table.Add(pairs);
    }

    // A key came twice, which shows early where it is usual. For this moment the pairs are there twice.
    private void ForgetUnique(UniquePairs<TKey, TLeft> unique)
    {
        using var pairs = unique.Read();
        for (var some = pairs.Next(); !some.IsEmpty; some = pairs.Next())
        {
            Table.Add(some);
        }

        unique.Dispose();
        (_unique, _hasTwice) = (null, true);
    }
}
