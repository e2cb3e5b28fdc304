using Dpark.Partitioning;

namespace Dpark.Rdds.Actions;

/// <summary>Takes the greatest elements of each partition in its task, and of these in the driver.</summary>
internal static class TopAction
{
    public static async Task<T[]> RunAsync<T, TKey>(
        Rdd<T> rdd, int count, Func<T, TKey> by, IComparer<TKey>? comparer, CallSite action, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (comparer is null)
        {
            DefaultOrder<TKey>.EnsureComparable(action);
        }

        var summary = new TopSummary<T, TKey>(count, by, comparer);
        return count == 0 ? [] : summary.Merge(await rdd.SummarizeAsync(summary, action, cancellationToken).ConfigureAwait(false));
    }
}
