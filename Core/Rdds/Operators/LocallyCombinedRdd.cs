using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>One pair per key, its values combined, where equal keys are in one partition already. Narrow; combined values that do not fit in memory go to runs on disk.</summary>
internal sealed class LocallyCombinedRdd<TKey, TValue, TCombined>(
    Rdd<(TKey Key, TValue Value)> parent, Aggregator<TValue, TCombined> aggregator, CallSite callSite)
    : NarrowRdd<(TKey Key, TValue Value), (TKey Key, TCombined Value)>(parent, callSite, keepsPartitioner: true)
    where TKey : notnull
{
    protected override BatchReader<(TKey Key, TCombined Value)> Compute(Partition partition, TaskContext context) =>
        Spillable<TKey, TCombined>.IsSupported
            ? context.Shuffle.Combine(new AttributedReader<(TKey Key, TValue Value)>(Parent.Read(partition, context), CallSite, context), aggregator, context)
            : new Reader(Parent.Read(partition, context), aggregator, CallSite, context);

    /// <summary>For types that cannot be written anywhere.</summary>
    private sealed class Reader(
        BatchReader<(TKey Key, TValue Value)> source, Aggregator<TValue, TCombined> aggregator, CallSite callSite, TaskContext context)
        : OperatorReader<(TKey Key, TValue Value), (TKey Key, TCombined Value)>(source, callSite, context)
    {
        private ArrayReader<(TKey Key, TCombined Value)>? _result;

        public override ReadOnlySpan<(TKey Key, TCombined Value)> Next()
        {
            _result ??= new ArrayReader<(TKey Key, TCombined Value)>(Combine());
            return _result.Next();
        }

        private (TKey Key, TCombined Value)[] Combine()
        {
            var keys = new KeyTable<TKey>();
            var values = new List<TCombined>();
            for (var input = Pull(); !input.IsEmpty; input = Pull())
            {
                for (var i = 0; i < input.Length;)
                {
                    for (var end = Pacer.EndOfRun(i, input.Length); i < end; i++)
                    {
                        var (key, value) = input[i];
                        var index = keys.GetOrAdd(key);
                        if (index == values.Count)
                        {
                            values.Add(aggregator.Create(value));
                        }
                        else
                        {
                            values[index] = aggregator.Merge(values[index], value);
                        }
                    }
                }
            }

            return [.. keys.Keys.Select((key, index) => (key, values[index]))];
        }
    }
}
