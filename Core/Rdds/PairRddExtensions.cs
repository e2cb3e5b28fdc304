using System.Runtime.CompilerServices;
using Dpark.Partitioning;
using Dpark.Rdds.Operators;
using Dpark.Shuffle;

namespace Dpark.Rdds;

/// <summary>
/// Operators on pairs. Where the keys are partitioned already as the result needs them, nothing is shuffled; see <see cref="Partitioner"/>. With no
/// partition count given, the partitioner of an input is used if it has one, else keys are spread by their hash over <see cref="IRddContext.DefaultParallelism"/> partitions, or, where the
/// data comes from files, over as many as its size asks for; see <see cref="IRddContext.Partitioning"/>.
/// </summary>
public static partial class PairRddExtensions
{
    /// <summary>Applies a function to the value of each pair. Narrow; keys and partitioner stay.</summary>
    /// <example><code>var percent = shares.MapValues(share => 100 * share);</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public static Rdd<(TKey Key, TOut Value)> MapValues<TKey, TValue, TOut>(
        this Rdd<(TKey Key, TValue Value)> rdd, Func<TValue, TOut> transform, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new MappedValuesRdd<TKey, TValue, TOut>(rdd, transform, rdd.Check(transform, nameof(MapValues), file, line));

    /// <summary>Replaces each pair by one pair per element that a function makes of its value. Narrow; keys and partitioner stay.</summary>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public static Rdd<(TKey Key, TOut Value)> FlatMapValues<TKey, TValue, TOut>(
        this Rdd<(TKey Key, TValue Value)> rdd,
        Func<TValue, IEnumerable<TOut>> expand,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        new FlatMappedValuesRdd<TKey, TValue, TOut>(rdd, expand, rdd.Check(expand, nameof(FlatMapValues), file, line));

    /// <summary>The keys, one per pair. Narrow.</summary>
    public static Rdd<TKey> Keys<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new MappedRdd<(TKey Key, TValue Value), TKey>(rdd, static pair => pair.Key, new CallSite(nameof(Keys), file, line));

    /// <summary>The values, one per pair. Narrow.</summary>
    public static Rdd<TValue> Values<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new MappedRdd<(TKey Key, TValue Value), TValue>(rdd, static pair => pair.Value, new CallSite(nameof(Values), file, line));

    /// <summary>Folds the values of each key into one. Wide; values are combined on the map side first, so little is sent.</summary>
    /// <param name="reduce">Must not depend on how values are grouped or ordered. May change and return its first argument.</param>
    /// <param name="partitionCount">Of the result; at least 1.</param>
    /// <returns>One pair per key, in no particular order.</returns>
    /// <example><code>var counts = words.Map(word => (word, 1L)).ReduceByKey((a, b) => a + b);</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public static Rdd<(TKey Key, TValue Value)> ReduceByKey<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd,
        Func<TValue, TValue, TValue> reduce,
        int? partitionCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull => Reduce(rdd, reduce, PartitionerChoice.For<TKey>(partitionCount, [rdd]), file, line);

    /// <summary>As <see cref="ReduceByKey{TKey, TValue}(Rdd{ValueTuple{TKey, TValue}}, Func{TValue, TValue, TValue}, int?, string, int)"/>, with a partitioner of one's own.</summary>
    public static Rdd<(TKey Key, TValue Value)> ReduceByKey<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd,
        Func<TValue, TValue, TValue> reduce,
        Partitioner partitioner,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull => Reduce(rdd, reduce, partitioner, file, line);

    /// <summary>Folds the values of each key into a value of another type. Wide; values are combined on the map side first.</summary>
    /// <param name="create">Starts a combined value from the first value of a key.</param>
    /// <param name="merge">Adds a value to a combined value. May change and return its first argument.</param>
    /// <param name="mergeCombined">Joins two combined values of a key. May change and return its first argument.</param>
    /// <param name="partitionCount">Of the result; at least 1.</param>
    /// <returns>One pair per key, in no particular order.</returns>
    /// <exception cref="Closures.ClosureException">A function captures something that cannot travel.</exception>
    public static Rdd<(TKey Key, TCombined Value)> CombineByKey<TKey, TValue, TCombined>(
        this Rdd<(TKey Key, TValue Value)> rdd,
        Func<TValue, TCombined> create,
        Func<TCombined, TValue, TCombined> merge,
        Func<TCombined, TCombined, TCombined> mergeCombined,
        int? partitionCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull
    {
        var callSite = rdd.Check(create, nameof(CombineByKey), file, line);
        rdd.Check(merge, nameof(CombineByKey), file, line);
        rdd.Check(mergeCombined, nameof(CombineByKey), file, line);
        var aggregator = new Aggregator<TValue, TCombined>(create, merge, mergeCombined);
        return PairOperators.Combine(rdd, aggregator, PartitionerChoice.For<TKey>(partitionCount, [rdd]), callSite);
    }

    /// <summary>Gathers the values of each key. Wide; all values are sent, and those of one key must fit in memory. Prefer <c>ReduceByKey</c> for sums.</summary>
    /// <param name="partitionCount">Of the result; at least 1.</param>
    /// <returns>One pair per key; keys, and the values of a key, in no particular order.</returns>
    /// <example><code>var visits = log.Map(entry => (entry.User, entry.Page)).GroupByKey();</code></example>
    public static Rdd<(TKey Key, TValue[] Values)> GroupByKey<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd, int? partitionCount = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where TKey : notnull => PairOperators.Group(rdd, partitionCount, new CallSite(nameof(GroupByKey), file, line));

    /// <summary>As <see cref="GroupByKey{TKey, TValue}(Rdd{ValueTuple{TKey, TValue}}, int?, string, int)"/>, with a partitioner of one's own.</summary>
    public static Rdd<(TKey Key, TValue[] Values)> GroupByKey<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd, Partitioner partitioner, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where TKey : notnull => PairOperators.Group(rdd, partitioner, new CallSite(nameof(GroupByKey), file, line));

    /// <summary>Moves each pair to the partition that its key belongs to. Wide, unless the pairs are there already. Later operators by key then need no shuffle.</summary>
    /// <example><code>var users = table.PartitionBy(new HashPartitioner(64)).Cache();</code></example>
    public static Rdd<(TKey Key, TValue Value)> PartitionBy<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd, Partitioner partitioner, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where TKey : notnull => PairOperators.Partition(rdd, partitioner, new CallSite(nameof(PartitionBy), file, line));

    /// <summary>As <see cref="PartitionBy"/>, spread evenly by hash. DPark's <c>partitionByKey</c>.</summary>
    /// <param name="partitionCount">Of the result; at least 1.</param>
    public static Rdd<(TKey Key, TValue Value)> PartitionByKey<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd, int? partitionCount = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where TKey : notnull =>
        PairOperators.Partition(rdd, PartitionerChoice.For<TKey>(partitionCount, [rdd]), new CallSite(nameof(PartitionByKey), file, line));

    /// <summary>Turns key-value pairs of the base library into tuples, which the operators by key take. Narrow.</summary>
    public static Rdd<(TKey Key, TValue Value)> ToPairs<TKey, TValue>(
        this Rdd<KeyValuePair<TKey, TValue>> rdd, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new MappedRdd<KeyValuePair<TKey, TValue>, (TKey Key, TValue Value)>(
            rdd, static pair => (pair.Key, pair.Value), new CallSite(nameof(ToPairs), file, line));

    /// <summary>The reverse of <see cref="ToPairs"/>. Narrow.</summary>
    public static Rdd<KeyValuePair<TKey, TValue>> ToKeyValuePairs<TKey, TValue>(
        this Rdd<(TKey Key, TValue Value)> rdd, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new MappedRdd<(TKey Key, TValue Value), KeyValuePair<TKey, TValue>>(
            rdd, static pair => new(pair.Key, pair.Value), new CallSite(nameof(ToKeyValuePairs), file, line));

    private static Rdd<(TKey Key, TValue Value)> Reduce<TKey, TValue>(
        Rdd<(TKey Key, TValue Value)> rdd, Func<TValue, TValue, TValue> reduce, Partitioner partitioner, string file, int line)
        where TKey : notnull
    {
        var callSite = rdd.Check(reduce, nameof(ReduceByKey), file, line);
        var aggregator = new Aggregator<TValue, TValue>(static value => value, reduce, reduce);
        return PairOperators.Combine(rdd, aggregator, partitioner, callSite);
    }
}
