using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Operators;

/// <summary>One array per partition, with all its elements; an empty array for an empty partition. Narrow.</summary>
internal sealed class GlommedRdd<T>(Rdd<T> parent, CallSite callSite) : NarrowRdd<T, T[]>(parent, callSite)
{
    internal override bool IsOrderSensitive => true;

    protected override BatchReader<T[]> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), CallSite, context);

    private sealed class Reader(BatchReader<T> source, CallSite callSite, TaskContext context) : OperatorReader<T, T[]>(source, callSite, context)
    {
        private bool _isDone;

        public override ReadOnlySpan<T[]> Next()
        {
            if (_isDone)
            {
                return default;
            }

            var elements = new List<T>();
            for (var input = Pull(); !input.IsEmpty; input = Pull())
            {
                Context.CancellationToken.ThrowIfCancellationRequested();
                elements.AddRange(BorrowedBytes<T>.KeepBatch(input));
            }

            _isDone = true;
            var output = Output(1);
            output[0] = [.. elements];
            return output;
        }
    }
}
