using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Operators;

/// <summary>
/// Pairs the right side of a join, as it streams by, with the left pairs in a table where a key may come twice. Then come the left pairs that none of these met. Used by
/// the task's thread.
/// </summary>
/// <param name="table">Complete; not owned.</param>
/// <param name="right">Owned.</param>
internal sealed class TableJoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(
    JoinTable<TKey, TLeft> table,
    BatchReader<(TKey Key, TRight Value)> right,
    UnmatchedPairs unmatched,
    (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present,
    TaskContext context) : BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>
    where TKey : notnull
{
    private (TKey Key, (TLeftOut Left, TRightOut Right) Value)[] _output = BatchArrays.Rent<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>(BatchReader.Capacity);

    // By number; empty if nobody asks.
    private readonly bool[] _isMatched = (unmatched & UnmatchedPairs.Left) != 0 ? new bool[table.KeyCount] : [];

    // The right batch is copied: its pairs may become more than one batch of output.
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

    public override ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Next()
    {
        var output = _output.AsSpan(0, BatchReader.Capacity);
        for (var count = 0; ;)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            count += PairGroup(output[count..]);
            if (count == output.Length || !NextGroup(output, ref count))
            {
                return output[..count];
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        right.Dispose();
        BatchArrays.Return(ref _output);
        BatchArrays.Return(ref _batch);
        BatchArrays.Return(ref _batchKeys);
        BatchArrays.Return(ref _numbers);
        base.Dispose(disposing);
    }

    private bool KeepsLeft => (unmatched & UnmatchedPairs.Left) != 0;

    private bool KeepsRight => (unmatched & UnmatchedPairs.Right) != 0;

    /// <summary>Pairs the current left values with the current partner, as far as there is room.</summary>
    private int PairGroup(Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output)
    {
        var count = Math.Min(output.Length, _groupEnd - _groupNext);
        var group = table.Values.Slice(_groupNext, count);
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
            if (table.IsUnique)
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
                    SetGroup(table.RangeOf(number), (key, present.Right(value)));
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
        var values = table.Values;
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

        for (; _unmatchedNext < table.KeyCount; _unmatchedNext++)
        {
            if (!_isMatched[_unmatchedNext])
            {
                SetGroup(table.RangeOf(_unmatchedNext), (table.KeyOf(_unmatchedNext), default!));
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
        context.CancellationToken.ThrowIfCancellationRequested();
        var input = right.Next();
        _isRightDone = input.IsEmpty;
        if (_batch.Length < input.Length)
        {
            BatchArrays.Return(ref _batch);
            BatchArrays.Return(ref _batchKeys);
            BatchArrays.Return(ref _numbers);
            _batch = BatchArrays.Rent<(TKey Key, TRight Value)>(input.Length);
            _batchKeys = BatchArrays.Rent<TKey>(input.Length);
            _numbers = BatchArrays.Rent<int>(input.Length);
        }

        input.CopyTo(_batch);
        BorrowedBytes<(TKey Key, TRight Value)>.KeepAll(_batch.AsSpan(0, input.Length));
        for (var i = 0; i < input.Length; i++)
        {
            _batchKeys[i] = _batch[i].Key;
        }

        table.Find(_batchKeys.AsSpan(0, input.Length), _numbers);
        _batchNext = 0;
        _batchEnd = input.Length;
    }
}
