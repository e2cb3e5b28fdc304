using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Replaces each partition by what a function makes of it, as streams. Narrow.</summary>
/// <param name="transform">Gets the partition's index and elements, which it may enumerate once.</param>
/// <param name="keepsPartitioner">The function changes no keys.</param>
internal sealed class MappedPartitionsRdd<TIn, TOut>(
    Rdd<TIn> parent, Func<int, IEnumerable<TIn>, IEnumerable<TOut>> transform, bool keepsPartitioner, CallSite callSite)
    : NarrowRdd<TIn, TOut>(parent, callSite, keepsPartitioner)
{
    protected override BatchReader<TOut> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), partition.Index, transform, CallSite, context);

    private sealed class Reader(
        BatchReader<TIn> source, int partitionIndex, Func<int, IEnumerable<TIn>, IEnumerable<TOut>> transform, CallSite callSite, TaskContext context)
        : OperatorReader<TIn, TOut>(source, callSite, context)
    {
        private readonly CallSite _callSite = callSite;
        private IEnumerator<TOut>? _result;
        private bool _isDone;

        public override ReadOnlySpan<TOut> Next()
        {
            Context.RunningOperator = _callSite;
            if (_isDone)
            {
                return default;
            }

            _result ??= Start();
            var output = Output(BatchReader.Capacity);
            for (var count = 0; count < output.Length;)
            {
                for (var end = Pacer.EndOfRun(count, output.Length); count < end; count++)
                {
                    if (!_result.MoveNext())
                    {
                        _isDone = true;
                        return output[..count];
                    }

                    output[count] = _result.Current;
                }
            }

            return output;
        }

        protected override void Dispose(bool disposing)
        {
            _result?.Dispose();
            _result = null;
            _isDone = true;
            base.Dispose(disposing);
        }

        private IEnumerator<TOut> Start()
        {
            var input = new ReaderEnumerable<TIn>(Pull, _callSite, Context.CancellationToken);
            var result = transform(partitionIndex, input) ?? throw new InvalidOperationException(
                $"The function of {_callSite} returned null for partition {partitionIndex}. Return an empty sequence if there is nothing to emit.");
            return result.GetEnumerator();
        }
    }
}
