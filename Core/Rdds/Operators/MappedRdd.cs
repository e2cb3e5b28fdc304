using System.Runtime.CompilerServices;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Applies a function to each element. Narrow.</summary>
/// <param name="transform">Called once per element per attempt; a retried task calls it again.</param>
internal sealed class MappedRdd<TIn, TOut>(Rdd<TIn> parent, Func<TIn, TOut> transform, CallSite callSite) : NarrowRdd<TIn, TOut>(parent, callSite)
{
    private protected override bool IsElementWise => true;

    protected override BatchReader<TOut> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), transform, CallSite, context);

    private sealed class Reader(BatchReader<TIn> source, Func<TIn, TOut> transform, CallSite callSite, TaskContext context)
        : OperatorReader<TIn, TOut>(source, callSite, context)
    {
        private readonly TextPairMapping<TIn, TOut>? _textPairs =
            RuntimeHelpers.IsReferenceOrContainsReferences<TOut>() ? TextPairMapping<TIn, TOut>.TryCreate() : null;

        public override ReadOnlySpan<TOut> Next()
        {
            var input = Pull();
            var output = Output(input.Length);
            for (var i = 0; i < input.Length;)
            {
                var end = Pacer.EndOfRun(i, input.Length);
                if (_textPairs is not null)
                {
                    _textPairs.Apply(input[i..end], output[i..end], transform);
                    i = end;
                }

                for (; i < end; i++)
                {
                    output[i] = transform(input[i]);
                }
            }

            return output;
        }
    }
}
