using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Replaces each pair by one pair per element that a function makes of its value. Narrow; the keys stay, and so does the partitioner.</summary>
internal sealed class FlatMappedValuesRdd<TKey, TValue, TOut>(
    Rdd<(TKey Key, TValue Value)> parent, Func<TValue, IEnumerable<TOut>> expand, CallSite callSite)
    : NarrowRdd<(TKey Key, TValue Value), (TKey Key, TOut Value)>(parent, callSite, keepsPartitioner: true)
{
    private protected override bool IsElementWise => true;

    protected override BatchReader<(TKey Key, TOut Value)> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), expand, CallSite, context);

    private sealed class Reader(
        BatchReader<(TKey Key, TValue Value)> source, Func<TValue, IEnumerable<TOut>> expand, CallSite callSite, TaskContext context)
        : ExpandingReader<(TKey Key, TValue Value), TOut, (TKey Key, TOut Value)>(source, callSite, context)
    {
        protected override IEnumerable<TOut>? Expand((TKey Key, TValue Value) element) => expand(element.Value);

        protected override (TKey Key, TOut Value) Emit((TKey Key, TValue Value) element, TOut item) => (element.Key, item);

        protected override void Emit((TKey Key, TValue Value) element, ReadOnlySpan<TOut> items, Span<(TKey Key, TOut Value)> output)
        {
            for (var i = 0; i < items.Length; i++)
            {
                output[i] = (element.Key, items[i]);
            }
        }
    }
}
