using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Operators;

/// <summary>Joins one partition. First the left pairs are loaded, then the right pairs stream past them, then come the left pairs that none of these met. If they do not fit, see <see cref="SpilledJoin"/>.</summary>
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
    private readonly JoinTable<TKey, TLeft> _table = new(context.Memory.Claim("the left side of a join"));
    private BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>? _spilled;
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
        if (_right is null && _spilled is null && !TryLoadLeft())
        {
            _spilled = SpilledJoin.Pair(SpilledJoin.Open(_table, Source, openRight, Context), unmatched, present);
        }

        if (_spilled is not null)
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            return _spilled.Next();
        }

        _right ??= openRight();
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
            _spilled?.Dispose();
            _table.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <returns><see langword="false"/> if it does not fit.</returns>
    private bool TryLoadLeft()
    {
        for (var input = Pull(); !input.IsEmpty; input = Pull())
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            _table.Add(input);
            if (_table.IsFull)
            {
                return false;
            }
        }

        _table.Complete();
        _isMatched = (unmatched & UnmatchedPairs.Left) == 0 ? [] : new bool[_table.KeyCount];
        return true;
    }

    /// <summary>Pairs the current left values with the current partner, as far as there is room.</summary>
    private int PairGroup(Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output)
    {
        var count = Math.Min(output.Length, _groupEnd - _groupNext);
        var group = _table.Values.Slice(_groupNext, count);
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
            if (_table.IsUnique)
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
                    SetGroup(_table.RangeOf(number), (key, present.Right(value)));
                    return true;
                }

                if ((unmatched & UnmatchedPairs.Right) != 0)
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
        var values = _table.Values;
        for (var i = _batchNext; i < batch.Length; i++)
        {
            var number = numbers[i];
            if (number >= 0)
            {
                Match(number);
                output[count++] = (batch[i].Key, (present.Left(values[number]), present.Right(batch[i].Value)));
            }
            else if ((unmatched & UnmatchedPairs.Right) != 0)
            {
                output[count++] = (batch[i].Key, (default!, present.Right(batch[i].Value)));
            }
        }

        _batchNext = end;
    }

    private bool NextUnmatchedGroup()
    {
        if ((unmatched & UnmatchedPairs.Left) == 0)
        {
            return false;
        }

        for (; _unmatchedNext < _table.KeyCount; _unmatchedNext++)
        {
            if (!_isMatched[_unmatchedNext])
            {
                SetGroup(_table.RangeOf(_unmatchedNext), (_table.KeyOf(_unmatchedNext), default!));
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

        _table.Find(_batchKeys.AsSpan(0, input.Length), _numbers);
        _batchNext = 0;
        _batchEnd = input.Length;
    }
}
