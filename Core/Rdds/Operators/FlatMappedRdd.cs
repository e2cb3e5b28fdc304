using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Replaces each element by the elements that a function makes of it. Narrow.</summary>
internal sealed class FlatMappedRdd<TIn, TOut>(Rdd<TIn> parent, Func<TIn, IEnumerable<TOut>> expand, CallSite callSite)
    : NarrowRdd<TIn, TOut>(parent, callSite)
{
    private protected override bool IsElementWise => true;

    protected override BatchReader<TOut> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), expand, CallSite, context);

    private sealed class Reader(BatchReader<TIn> source, Func<TIn, IEnumerable<TOut>> expand, CallSite callSite, TaskContext context)
        : ExpandingReader<TIn, TOut, TOut>(source, callSite, context)
    {
        protected override IEnumerable<TOut>? Expand(TIn element) => expand(element);

        protected override TOut Emit(TIn element, TOut item) => item;

        protected override void Emit(TIn element, ReadOnlySpan<TOut> items, Span<TOut> output) => items.CopyTo(output);
    }
}
