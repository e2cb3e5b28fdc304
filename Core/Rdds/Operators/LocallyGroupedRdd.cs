using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>One pair per key with all its values, where equal keys are in one partition already. Narrow; a partition that does not fit in memory is grouped in runs on disk.</summary>
internal sealed class LocallyGroupedRdd<TKey, TValue>(Rdd<(TKey Key, TValue Value)> parent, CallSite callSite)
    : NarrowRdd<(TKey Key, TValue Value), (TKey Key, TValue[] Values)>(parent, callSite, keepsPartitioner: true)
    where TKey : notnull
{
    protected override BatchReader<(TKey Key, TValue[] Values)> Compute(Partition partition, TaskContext context) =>
        new BlamedReader<(TKey Key, TValue[] Values)>(LocalGrouping.Open(Parent.Read(partition, context), context), CallSite, context);
}

/// <summary>Groups the pairs of a stream.</summary>
internal static class LocalGrouping
{
    /// <summary>One pair per key.</summary>
    /// <param name="source">Disposed with the result.</param>
    public static BatchReader<(TKey Key, TValue[] Values)> Open<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> source, TaskContext context)
        where TKey : notnull =>
        Spillable<TKey, TValue>.IsSupported ? context.Shuffle.Group(source, isByHash: false, context) : new LocalGroupingReader<TKey, TValue>(source, context);
}

/// <summary>Gathers the values of each key of a stream in memory, for types that cannot be written anywhere. Owns its source.</summary>
internal sealed class LocalGroupingReader<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> source, TaskContext context)
    : BatchReader<(TKey Key, TValue[] Values)>
    where TKey : notnull
{
    private ArrayReader<(TKey Key, TValue[] Values)>? _result;

    public override ReadOnlySpan<(TKey Key, TValue[] Values)> Next()
    {
        _result ??= new ArrayReader<(TKey Key, TValue[] Values)>(Group());
        return _result.Next();
    }

    protected override void Dispose(bool disposing)
    {
        source.Dispose();
        base.Dispose(disposing);
    }

    private (TKey Key, TValue[] Values)[] Group()
    {
        var keys = new KeyTable<TKey>();
        var groups = new List<List<TValue>>();
        for (var input = source.Next(); !input.IsEmpty; input = source.Next())
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            foreach (var (key, value) in input)
            {
                var index = keys.GetOrAdd(key);
                if (index == groups.Count)
                {
                    groups.Add([]);
                }

                groups[index].Add(value);
            }
        }

        return [.. keys.Keys.Select((key, index) => (key, groups[index].ToArray()))];
    }
}
