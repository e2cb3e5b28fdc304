using System.Runtime.InteropServices;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Actions;

/// <summary>How often each value occurs, in no particular order.</summary>
internal sealed class CountByValueSummary<T> : PartitionSummary<T, (T Value, long Count)>
    where T : notnull
{
    public static readonly CountByValueSummary<T> Instance = new();

    public override (T Value, long Count)[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        var counts = new Dictionary<T, long>();
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            foreach (var value in batch)
            {
                var kept = BorrowedBytes<T>.ArePossible && !counts.ContainsKey(value) ? BorrowedBytes<T>.Keep(value) : value;
                CollectionsMarshal.GetValueRefOrAddDefault(counts, kept, out _)++;
            }
        }

        return [.. counts.Select(entry => (entry.Key, entry.Value))];
    }
}

/// <summary>The values of each key folded into one, in no particular order.</summary>
internal sealed class ReduceByKeySummary<TKey, TValue>(Func<TValue, TValue, TValue> reduce) : PartitionSummary<(TKey Key, TValue Value), (TKey Key, TValue Value)>
    where TKey : notnull
{
    public override (TKey Key, TValue Value)[] Summarize(BatchReader<(TKey Key, TValue Value)> input, int partitionIndex, TaskContext context)
    {
        var results = new Dictionary<TKey, TValue>();
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            foreach (var (key, value) in batch)
            {
                var kept = BorrowedBytes<TKey>.ArePossible && !results.ContainsKey(key) ? BorrowedBytes<TKey>.Keep(key) : key;
                ref var result = ref CollectionsMarshal.GetValueRefOrAddDefault(results, kept, out var exists);
                result = BorrowedBytes<TValue>.Keep(exists ? reduce(result!, value) : value);
            }
        }

        return [.. results.Select(entry => (entry.Key, entry.Value))];
    }
}
