using System.Runtime.CompilerServices;
using Dpark.Rdds.Operators;

namespace Dpark.Rdds;

// Joins. The left side of a partition is held in memory, the right side streams past it: put the smaller one left.
public static partial class PairRddExtensions
{
    /// <summary>Pairs every left value with every right value of the same key. Keys that one side lacks are left out. Wide on sides that are partitioned otherwise.</summary>
    /// <param name="partitionCount">Of the result; at least 1.</param>
    /// <returns>In no particular order.</returns>
    /// <example><code>var priced = prices.Join(orders).MapValues(both => both.Left * both.Right);</code></example>
    /// <exception cref="ArgumentException">The other belongs to another context.</exception>
    public static Rdd<(TKey Key, (TLeft Left, TRight Right) Value)> Join<TKey, TLeft, TRight>(
        this Rdd<(TKey Key, TLeft Value)> left,
        Rdd<(TKey Key, TRight Value)> right,
        int? partitionCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull =>
        PairOperators.Join<TKey, TLeft, TRight, TLeft, TRight>(
            left, right, partitionCount, UnmatchedPairs.None, (static value => value, static value => value), new CallSite(nameof(Join), file, line));

    /// <summary>Gathers, for each key of either side, the values of both. Wide on sides that are partitioned otherwise. DPark's <c>groupWith</c>, also called cogroup.</summary>
    /// <param name="partitionCount">Of the result; at least 1.</param>
    /// <returns>One pair per key, with empty arrays for what a side lacks; in no particular order.</returns>
    /// <exception cref="ArgumentException">The other belongs to another context.</exception>
    public static Rdd<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> GroupWith<TKey, TLeft, TRight>(
        this Rdd<(TKey Key, TLeft Value)> left,
        Rdd<(TKey Key, TRight Value)> right,
        int? partitionCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull => PairOperators.CoGroup(left, right, partitionCount, new CallSite(nameof(GroupWith), file, line));

    /// <summary>As the one for two sides, for three.</summary>
    public static Rdd<(TKey Key, (TFirst[] First, TSecond[] Second, TThird[] Third) Value)> GroupWith<TKey, TFirst, TSecond, TThird>(
        this Rdd<(TKey Key, TFirst Value)> first,
        Rdd<(TKey Key, TSecond Value)> second,
        Rdd<(TKey Key, TThird Value)> third,
        int? partitionCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull
    {
        var callSite = new CallSite(nameof(GroupWith), file, line);

        // The first two are together once per key, and partitioned as the result, so the second step shuffles only the third.
        var both = PairOperators.CoGroup(first, second, partitionCount, callSite);
        var all = PairOperators.CoGroup(both, third, partitionCount, callSite);
        return new MappedValuesRdd<TKey, ((TFirst[] Left, TSecond[] Right)[] Left, TThird[] Right), (TFirst[] First, TSecond[] Second, TThird[] Third)>(
            all, static value => value.Left is [var (one, two)] ? (one, two, value.Right) : ([], [], value.Right), callSite);
    }
}
