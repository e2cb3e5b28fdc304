using Dpark.Partitioning;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>
/// All elements in order: each partition is sorted, and follows the one before it. Stable: elements with equal keys stay in the order that the parent has.
/// Wide; a partition is held in memory.
/// </summary>
internal sealed class SortedRdd<T, TKey>(
    ShuffleDependency<long, T, T> dependency, Func<T, TKey> keySelector, IComparer<TKey>? comparer, bool isDescending, CallSite callSite)
    : ShuffleReadRdd<T>(dependency, partitioner: null, callSite)
{
    protected override BatchReader<T> Open(int reduceIndex, TaskContext context) =>
        new Reader(context.Shuffle.ReadBucket<long, T>(Shuffle, reduceIndex, context), keySelector, comparer, isDescending, context);

    private sealed class Reader(
        BatchReader<(long Key, T Value)> source, Func<T, TKey> keySelector, IComparer<TKey>? comparer, bool isDescending, TaskContext context)
        : BatchReader<T>
    {
        private ArrayReader<T>? _result;

        public override ReadOnlySpan<T> Next()
        {
            _result ??= new ArrayReader<T>(Sort());
            return _result.Next();
        }

        protected override void Dispose(bool disposing)
        {
            source.Dispose();
            base.Dispose(disposing);
        }

        private T[] Sort()
        {
            var elements = LoadInParentOrder();
            var keys = new TKey[elements.Length];
            var pacer = new RunPacer(context.CancellationToken);
            for (var i = 0; i < keys.Length;)
            {
                for (var end = pacer.EndOfRun(i, keys.Length); i < end; i++)
                {
                    keys[i] = keySelector(elements[i]);
                }
            }

            var order = StableSort.Order(keys, comparer ?? DefaultOrder<TKey>.Comparer, isDescending);
            context.CancellationToken.ThrowIfCancellationRequested();
            return StableSort.Arrange(elements, order);
        }

        /// <summary>Map outputs arrive in any order, also interleaved; within one, elements keep their order.</summary>
        private T[] LoadInParentOrder()
        {
            var elements = new List<T>();
            var runs = new List<(int Map, int Start)>();
            for (var input = source.Next(); !input.IsEmpty; input = source.Next())
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                foreach (var (key, value) in input)
                {
                    var map = BucketPartitioner.TagOf(key);
                    if (runs.Count == 0 || runs[^1].Map != map)
                    {
                        runs.Add((map, elements.Count));
                    }

                    elements.Add(value);
                }
            }

            var ordered = new List<T>(elements.Count);
            foreach (var (run, index) in runs.Select((run, index) => (run, index)).OrderBy(entry => entry.run.Map))
            {
                var end = index + 1 < runs.Count ? runs[index + 1].Start : elements.Count;
                ordered.AddRange(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(elements)[run.Start..end]);
            }

            return [.. ordered];
        }
    }
}
