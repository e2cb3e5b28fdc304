using Dpark.Partitioning;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>For each key of either input, the values that both have for it. Holds the left input's groups of a partition in memory and streams the right one's.</summary>
internal sealed class CoGroupedRdd<TKey, TLeft, TRight>(
    Rdd<(TKey Key, TLeft Value)> left, Rdd<(TKey Key, TRight Value)> right, Partitioner partitioner, CallSite callSite)
    : TwoInputRdd<TKey, TLeft, TRight, (TKey Key, (TLeft[] Left, TRight[] Right) Value)>(left, right, partitioner, callSite)
    where TKey : notnull
{
    protected override BatchReader<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> Compute(Partition partition, TaskContext context)
    {
        var sources = (TwoInputPartition)partition;
        return new Reader(
            Left.OpenGrouped(partition.Index, sources.Left, context),
            () => Right.OpenGrouped(partition.Index, sources.Right, context),
            CallSite,
            context);
    }

    private sealed class Reader(
        BatchReader<(TKey Key, TLeft[] Values)> left, Func<BatchReader<(TKey Key, TRight[] Values)>> openRight, CallSite callSite, TaskContext context)
        : OperatorReader<(TKey Key, TLeft[] Values), (TKey Key, (TLeft[] Left, TRight[] Right) Value)>(left, callSite, context)
    {
        private readonly KeyTable<TKey> _keys = new();
        private readonly List<TLeft[]?> _groups = [];
        private BatchReader<(TKey Key, TRight[] Values)>? _right;
        private bool _isRightDone;
        private int _next;

        public override ReadOnlySpan<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> Next()
        {
            if (_right is null)
            {
                LoadLeft();
                _right = openRight();
            }

            Context.CancellationToken.ThrowIfCancellationRequested();
            return _isRightDone ? NextUnmatched() : NextMatched(_right);
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
        }

        private ReadOnlySpan<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> NextMatched(BatchReader<(TKey Key, TRight[] Values)> right)
        {
            var input = right.Next();
            if (input.IsEmpty)
            {
                _isRightDone = true;
                return NextUnmatched();
            }

            var output = Output(input.Length);
            for (var i = 0; i < input.Length; i++)
            {
                var (key, values) = input[i];
                var index = _keys.Find(key);
                output[i] = (key, (index < 0 ? [] : _groups[index]!, values));
                if (index >= 0)
                {
                    _groups[index] = null;
                }
            }

            return output;
        }

        private ReadOnlySpan<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> NextUnmatched()
        {
            var output = Output(Math.Min(BatchReader.Capacity, _groups.Count - _next));
            var count = 0;
            for (; _next < _groups.Count && count < output.Length; _next++)
            {
                if (_groups[_next] is { } group)
                {
                    output[count++] = (_keys.Keys[_next], (group, []));
                }
            }

            return output[..count];
        }
    }
}
