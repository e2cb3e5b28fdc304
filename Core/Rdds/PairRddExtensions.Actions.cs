using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Codecs;
using Dpark.Rdds.Actions;

namespace Dpark.Rdds;

// Actions on pairs. Their results must fit in the driver's memory.
public static partial class PairRddExtensions
{
    /// <summary>All pairs as a dictionary. Of pairs with equal keys the last one wins.</summary>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public static async Task<Dictionary<TKey, TValue>> CollectAsMapAsync<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull
    {
        RecordCodec.EnsureSupported<(TKey, TValue)>();
        var pairs = await JobRunner.CollectAsync(rdd, new CallSite(nameof(CollectAsMapAsync), file, line), cancellationToken).ConfigureAwait(false);
        var map = new Dictionary<TKey, TValue>(pairs.Count);
        foreach (var (key, value) in pairs)
        {
            map[key] = value;
        }

        return map;
    }

    /// <summary>As <c>ReduceByKey</c>, with the result in the driver and without a shuffle: for few keys.</summary>
    /// <param name="reduce">Must not depend on how values are grouped. May change and return its first argument.</param>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public static async Task<Dictionary<TKey, TValue>> ReduceByKeyToDriverAsync<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd,
        Func<TValue, TValue, TValue> reduce,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull
    {
        var callSite = rdd.Check(reduce, nameof(ReduceByKeyToDriverAsync), file, line);
        var pairs = await rdd.SummarizeAsync(new ReduceByKeySummary<TKey, TValue>(reduce), callSite, cancellationToken).ConfigureAwait(false);
        var map = new Dictionary<TKey, TValue>();
        foreach (var (key, value) in pairs)
        {
            ref var result = ref CollectionsMarshal.GetValueRefOrAddDefault(map, key, out var exists);
            result = exists ? reduce(result!, value) : value;
        }

        return map;
    }

    /// <summary>How many pairs each key has.</summary>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public static Task<Dictionary<TKey, long>> CountByKeyAsync<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull => CountAsync(rdd.Keys(file, line), new CallSite(nameof(CountByKeyAsync), file, line), cancellationToken);

    /// <summary>How often each element occurs. Elements must not be null.</summary>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public static Task<Dictionary<T, long>> CountByValueAsync<T>(
        this Rdd<T> rdd, CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(rdd);
        return CountAsync(rdd, new CallSite(nameof(CountByValueAsync), file, line), cancellationToken);
    }

    /// <summary>All values of a key, in order. Computes one partition only if the RDD has a partitioner, else all.</summary>
    /// <returns>Empty if the key does not occur.</returns>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public static async Task<TValue[]> LookupAsync<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd,
        TKey key,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        RecordCodec.EnsureSupported<TValue>();
        var callSite = new CallSite(nameof(LookupAsync), file, line);
        int[]? partitions = null;
        await Lineage.PrepareAsync(rdd, callSite, cancellationToken).ConfigureAwait(false);
        if (rdd.Partitioner is { } partitioner)
        {
            partitions = [0];
            partitioner.PartitionsOf(new ReadOnlySpan<TKey>(in key), partitions);
        }

        var found = rdd.Filter(pair => EqualityComparer<TKey>.Default.Equals(pair.Key, key), file, line).Values(file, line);
        return [.. await JobRunner.CollectAsync(found, partitions, callSite, cancellationToken).ConfigureAwait(false)];
    }

    private static async Task<Dictionary<T, long>> CountAsync<T>(Rdd<T> rdd, CallSite callSite, CancellationToken cancellationToken)
        where T : notnull
    {
        var counts = await rdd.SummarizeAsync(CountByValueSummary<T>.Instance, callSite, cancellationToken).ConfigureAwait(false);
        var total = new Dictionary<T, long>();
        foreach (var (value, count) in counts)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(total, value, out _) += count;
        }

        return total;
    }
}
