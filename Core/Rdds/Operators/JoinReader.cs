using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Operators;

/// <summary>
/// Joins one partition. First the left pairs are loaded, then the right pairs stream past them, then come the left pairs that none of these met. If the left pairs do
/// not fit, see <see cref="SpilledJoin"/>. A side that is numbers, no key of which comes twice, is a table in which the other side, as it streams by, finds the values
/// themselves: the left one, or the right one where the left one is no numbers.
/// </summary>
internal sealed class JoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(
    BatchReader<(TKey Key, TLeft Value)> left,
    Func<BatchReader<(TKey Key, TRight Value)>> openRight,
    UnmatchedPairs unmatched,
    (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present,
    CallSite callSite,
    TaskContext context)
    : OperatorReader<(TKey Key, TLeft Value), (TKey Key, (TLeftOut Left, TRightOut Right) Value)>(left, callSite, context)
    where TKey : notnull
{
    private const string LeftPurpose = "the left side of a join";
    private const string RightPurpose = "the right side of a join";

    // A right side that is larger than that may be much larger than the left one, which then is the better table.
    private const long MostRightBytes = 64 << 20;

    // One of both has the left pairs, once the first ones have come.
    private UniquePairs<TKey, TLeft>? _unique = UniquePairs<TKey, TLeft>.IsSupported ? new(context.Memory.Claim(LeftPurpose)) : null;
    private JoinTable<TKey, TLeft>? _general;

    // Has the right pairs, if they are the table; or had some of them.
    private UniqueSide<TKey, TRight>? _rightSide;

    // Pairs them in another way.
    private BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>? _other;
    private bool[] _isMatched = [];

    // The right batch is copied: its pairs may become more than one batch of output.
    private BatchReader<(TKey Key, TRight Value)>? _right;
    private (TKey Key, TRight Value)[] _batch = [];
    private TKey[] _batchKeys = [];
    private int[] _numbers = [];
    private int _batchNext;
    private int _batchEnd;
    private bool _isRightDone;

    // The left values that are being paired with the current partner.
    private int _groupNext;
    private int _groupEnd;
    private (TKey Key, TRightOut Right) _partner;
    private int _unmatchedNext;
    private bool _isDisposed;

    public override ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Next()
    {
        if (_right is null && _other is null)
        {
            Begin();
        }

        if (_other is not null)
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            return _other.Next();
        }

        var output = Output(BatchReader.Capacity);
        for (var count = 0; ;)
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            count += PairGroup(output[count..]);
            if (count == output.Length || !NextGroup(output, ref count))
            {
                return output[..count];
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _right?.Dispose();
            _other?.Dispose();
            _rightSide?.Dispose();
            _unique?.Dispose();
            _general?.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool KeepsLeft => (unmatched & UnmatchedPairs.Left) != 0;

    private bool KeepsRight => (unmatched & UnmatchedPairs.Right) != 0;

    private LoadedPairs<TKey, TLeft> Loaded => _unique is not null ? _unique : Table;

    // Not asked for before it is known that there are no unique pairs.
    private JoinTable<TKey, TLeft> Table => _general ??= new JoinTable<TKey, TLeft>(Context.Memory.Claim(LeftPurpose));

    private void Begin()
    {
        if (!UniquePairs<TKey, TLeft>.IsSupported && UniquePairs<TKey, TRight>.IsSupported && TryLoadRight())
        {
            return;
        }

        if (!TryLoadLeft())
        {
            _other = SpilledJoin.Pair(SpilledJoin.Open(Loaded, Source, OpenRight, Context), unmatched, present);
        }
        else if (_unique is not null)
        {
            _other = new UniqueJoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut, TLeftOut, TRightOut, TableIsLeft<TLeftOut, TRightOut>>(
                _unique.Table, OpenRight(), (KeepsLeft, KeepsRight), present, Context);
        }
        else
        {
            _right = OpenRight();
        }
    }

    /// <returns><see langword="false"/> if the right pairs are no table.</returns>
    private bool TryLoadRight()
    {
        _rightSide = new UniqueSide<TKey, TRight>(openRight(), Context.Memory.Claim(RightPurpose, MostRightBytes));
        if (!_rightSide.TryLoad(Context.CancellationToken))
        {
            return false;
        }

        _other = new UniqueJoinReader<TKey, TRight, TLeft, TRightOut, TLeftOut, TLeftOut, TRightOut, TableIsRight<TLeftOut, TRightOut>>(
            _rightSide.Pairs.Table, Source, (KeepsRight, KeepsLeft), (present.Right, present.Left), Context);
        return true;
    }

    private BatchReader<(TKey Key, TRight Value)> OpenRight() => _rightSide is null ? openRight() : _rightSide.ReadAgain();

    /// <returns><see langword="false"/> if it does not fit.</returns>
    private bool TryLoadLeft()
    {
        for (var input = Pull(); !input.IsEmpty; input = Pull())
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            Add(input);
            if (Loaded.IsFull)
            {
                return false;
            }
        }

        if (_unique is null)
        {
            Table.Complete();
            _isMatched = KeepsLeft ? new bool[Table.KeyCount] : [];
        }

        return true;
    }

    private void Add(ReadOnlySpan<(TKey Key, TLeft Value)> pairs)
    {
        if (_unique is not null)
        {
            pairs = pairs[_unique.Add(pairs)..];
            if (pairs.IsEmpty)
            {
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
        _unique = null;
    }

    /// <summary>Pairs the current left values with the current partner, as far as there is room.</summary>
    private int PairGroup(Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output)
    {
        var count = Math.Min(output.Length, _groupEnd - _groupNext);
        var group = Table.Values.Slice(_groupNext, count);
        for (var i = 0; i < group.Length; i++)
        {
            output[i] = (_partner.Key, (present.Left(group[i]), _partner.Right));
        }

        _groupNext += count;
        return count;
    }

    /// <summary>Goes on to the next left values to pair. Right pairs without any, or with one, are written at once.</summary>
    /// <returns><see langword="false"/> if the output is full or nothing is left.</returns>
    private bool NextGroup(Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output, ref int count)
    {
        while (!_isRightDone)
        {
            if (Table.IsUnique)
            {
                PairUnique(output, ref count);
            }

            for (; _batchNext < _batchEnd; _batchNext++)
            {
                if (count == output.Length)
                {
                    return false;
                }

                var (key, value) = _batch[_batchNext];
                var number = _numbers[_batchNext];
                if (number >= 0)
                {
                    _batchNext++;
                    Match(number);
                    SetGroup(Table.RangeOf(number), (key, present.Right(value)));
                    return true;
                }

                if (KeepsRight)
                {
                    output[count++] = (key, (default!, present.Right(value)));
                }
            }

            FillBatch();
        }

        return NextUnmatchedGroup();
    }

    /// <summary>Writes as many pairs of the right batch as there is room for, where no key has more than one left value.</summary>
    private void PairUnique(Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output, ref int count)
    {
        var end = Math.Min(_batchEnd, _batchNext + output.Length - count);
        var batch = _batch.AsSpan(0, end);
        var numbers = _numbers.AsSpan(0, end);
        var values = Table.Values;
        for (var i = _batchNext; i < batch.Length; i++)
        {
            var number = numbers[i];
            if (number >= 0)
            {
                Match(number);
                output[count++] = (batch[i].Key, (present.Left(values[number]), present.Right(batch[i].Value)));
            }
            else if (KeepsRight)
            {
                output[count++] = (batch[i].Key, (default!, present.Right(batch[i].Value)));
            }
        }

        _batchNext = end;
    }

    private bool NextUnmatchedGroup()
    {
        if (!KeepsLeft)
        {
            return false;
        }

        for (; _unmatchedNext < Table.KeyCount; _unmatchedNext++)
        {
            if (!_isMatched[_unmatchedNext])
            {
                SetGroup(Table.RangeOf(_unmatchedNext), (Table.KeyOf(_unmatchedNext), default!));
                _unmatchedNext++;
                return true;
            }
        }

        return false;
    }

    private void Match(int number)
    {
        if (_isMatched.Length > 0)
        {
            _isMatched[number] = true;
        }
    }

    private void SetGroup((int Start, int End) group, (TKey Key, TRightOut Right) partner)
    {
        (_groupNext, _groupEnd) = group;
        _partner = partner;
    }

    private void FillBatch()
    {
        Context.CancellationToken.ThrowIfCancellationRequested();
        var input = _right!.Next();
        _isRightDone = input.IsEmpty;
        if (_batch.Length < input.Length)
        {
            _batch = new (TKey Key, TRight Value)[input.Length];
            _batchKeys = new TKey[input.Length];
            _numbers = new int[input.Length];
        }

        input.CopyTo(_batch);
        BorrowedBytes<(TKey Key, TRight Value)>.KeepAll(_batch.AsSpan(0, input.Length));
        for (var i = 0; i < input.Length; i++)
        {
            _batchKeys[i] = _batch[i].Key;
        }

        Table.Find(_batchKeys.AsSpan(0, input.Length), _numbers);
        _batchNext = 0;
        _batchEnd = input.Length;
    }
}
