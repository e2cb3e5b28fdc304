using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>For each key of either input, the values that both have for it. Holds the left pairs of a partition in memory, if they fit, and streams the right input's groups.</summary>
internal sealed class CoGroupedRdd<TKey, TLeft, TRight>(
    Rdd<(TKey Key, TLeft Value)> left, Rdd<(TKey Key, TRight Value)> right, Partitioner partitioner, CallSite callSite)
    : TwoInputRdd<TKey, TLeft, TRight, (TKey Key, (TLeft[] Left, TRight[] Right) Value)>(left, right, partitioner, JoinSides.None, callSite)
    where TKey : notnull
{
    protected override BatchReader<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> Compute(Partition partition, TaskContext context)
    {
        var sources = (TwoInputPartition)partition;
        return new Reader(
            Left.Open(partition.Buckets, sources.Left, MapRange.All, context),
            () => Right.Open(partition.Buckets, sources.Right, MapRange.All, context),
            () => Right.OpenGrouped(partition.Buckets, sources.Right, context),
            CallSite,
            context);
    }

    private sealed class Reader(
        BatchReader<(TKey Key, TLeft Value)> left,
        Func<BatchReader<(TKey Key, TRight Value)>> openRight,
        Func<BatchReader<(TKey Key, TRight[] Values)>> openGroups,
        CallSite callSite,
        TaskContext context)
        : OperatorReader<(TKey Key, TLeft Value), (TKey Key, (TLeft[] Left, TRight[] Right) Value)>(left, callSite, context)
    {
        private readonly JoinTable<TKey, TLeft> _table = new(context.Memory.Claim("the left side of a cogroup"));
        private readonly TKey[] _batchKeys = new TKey[BatchReader.Capacity];
        private readonly int[] _numbers = new int[BatchReader.Capacity];
        private BatchReader<(TKey Key, TRight[] Values)>? _right;
        private BatchReader<(TKey Key, (TLeft[] Left, TRight[] Right) Value)>? _spilled;
        private bool[] _isMatched = [];
        private bool _isRightDone;
        private bool _isDisposed;
        private int _next;

        public override ReadOnlySpan<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> Next()
        {
            if (_right is null && _spilled is null && !TryLoadLeft())
            {
                _spilled = SpilledJoin.Open(_table, Source, openRight, Context);
            }

            Context.CancellationToken.ThrowIfCancellationRequested();
            if (_spilled is not null)
            {
                return _spilled.Next();
            }

            _right ??= openGroups();
            return _isRightDone ? NextUnmatched() : NextMatched(_right);
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
            _isMatched = new bool[_table.KeyCount];
            return true;
        }

        private ReadOnlySpan<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> NextMatched(BatchReader<(TKey Key, TRight[] Values)> right)
        {
            var input = right.Next();
            if (input.IsEmpty)
            {
                _isRightDone = true;
                return NextUnmatched();
            }

            for (var i = 0; i < input.Length; i++)
            {
                _batchKeys[i] = input[i].Key;
            }

            _table.Find(_batchKeys.AsSpan(0, input.Length), _numbers);
            var output = Output(input.Length);
            for (var i = 0; i < input.Length; i++)
            {
                var (key, values) = input[i];
                var number = _numbers[i];
                output[i] = (key, (number < 0 ? [] : ValuesOf(number), values));
                if (number >= 0)
                {
                    _isMatched[number] = true;
                }
            }

            return output;
        }

        private ReadOnlySpan<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> NextUnmatched()
        {
            var output = Output(Math.Min(BatchReader.Capacity, _table.KeyCount - _next));
            var count = 0;
            for (; _next < _table.KeyCount && count < output.Length; _next++)
            {
                if (!_isMatched[_next])
                {
                    output[count++] = (_table.KeyOf(_next), (ValuesOf(_next), []));
                }
            }

            return output[..count];
        }

        private TLeft[] ValuesOf(int number)
        {
            var (start, end) = _table.RangeOf(number);
            return _table.Values[start..end].ToArray();
        }
    }
}
