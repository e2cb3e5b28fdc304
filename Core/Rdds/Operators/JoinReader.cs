using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Joins one partition. First the left groups are loaded, then the right pairs stream past them, then come the left groups that none of these met.</summary>
internal sealed class JoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(
    BatchReader<(TKey Key, TLeft[] Values)> left,
    Func<BatchReader<(TKey Key, TRight Value)>> openRight,
    UnmatchedPairs unmatched,
    (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present,
    CallSite callSite,
    TaskContext context)
    : OperatorReader<(TKey Key, TLeft[] Values), (TKey Key, (TLeftOut Left, TRightOut Right) Value)>(left, callSite, context)
    where TKey : notnull
{
    private readonly KeyTable<TKey> _keys = new();
    private readonly List<TLeft[]> _groups = [];
    private bool[] _isMatched = [];

    // The right batch is copied: its pairs may become more than one batch of output.
    private BatchReader<(TKey Key, TRight Value)>? _right;
    private (TKey Key, TRight Value)[] _batch = [];
    private int _batchNext;
    private int _batchEnd;
    private bool _isRightDone;

    // The group whose values are being paired, and how far.
    private TLeft[] _group = [];
    private int _groupNext;
    private (TKey Key, TRightOut Right) _partner;
    private int _unmatchedNext;

    public override ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Next()
    {
        if (_right is null)
        {
            LoadLeft();
            _right = openRight();
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
        _right?.Dispose();
        base.Dispose(disposing);
    }

    private void LoadLeft()
    {
        for (var input = Pull(); !input.IsEmpty; input = Pull())
        {
            Context.CancellationToken.ThrowIfCancellationRequested();
            foreach (var (key, values) in input)
            {
                _keys.GetOrAdd(key);
                _groups.Add(values);
            }
        }

        _isMatched = new bool[_groups.Count];
    }

    /// <summary>Pairs the values of the current group with the current partner, as far as there is room.</summary>
    private int PairGroup(Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output)
    {
        var count = Math.Min(output.Length, _group.Length - _groupNext);
        for (var i = 0; i < count; i++)
        {
            output[i] = (_partner.Key, (present.Left(_group[_groupNext++]), _partner.Right));
        }

        return count;
    }

    /// <summary>Goes on to the next group to pair. Right pairs without a group are written at once.</summary>
    /// <returns><see langword="false"/> if the output is full or nothing is left.</returns>
    private bool NextGroup(Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output, ref int count)
    {
        while (!_isRightDone)
        {
            for (; _batchNext < _batchEnd; _batchNext++)
            {
                var (key, value) = _batch[_batchNext];
                var index = _keys.Find(key);
                if (index >= 0)
                {
                    _isMatched[index] = true;
                    _batchNext++;
                    SetGroup(_groups[index], (key, present.Right(value)));
                    return true;
                }

                if ((unmatched & UnmatchedPairs.Right) != 0)
                {
                    if (count == output.Length)
                    {
                        return false;
                    }

                    output[count++] = (key, (default!, present.Right(value)));
                }
            }

            FillBatch();
        }

        return NextUnmatchedGroup();
    }

    private bool NextUnmatchedGroup()
    {
        if ((unmatched & UnmatchedPairs.Left) == 0)
        {
            return false;
        }

        for (; _unmatchedNext < _groups.Count; _unmatchedNext++)
        {
            if (!_isMatched[_unmatchedNext])
            {
                SetGroup(_groups[_unmatchedNext], (_keys.Keys[_unmatchedNext], default!));
                _unmatchedNext++;
                return true;
            }
        }

        return false;
    }

    private void SetGroup(TLeft[] group, (TKey Key, TRightOut Right) partner)
    {
        _group = group;
        _groupNext = 0;
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
        }

        input.CopyTo(_batch);
        _batchNext = 0;
        _batchEnd = input.Length;
    }
}
