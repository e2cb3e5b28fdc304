using System.Runtime.CompilerServices;
using Dpark.Rdds.Operators;

namespace Dpark.Rdds;

/// <summary>Outer joins whose optional side has reference values: a missing partner is null. Value types have theirs in <see cref="ValueOuterJoins"/>.</summary>
public static class OuterJoins
{
    /// <summary>As <c>Join</c>, and each left pair whose key the right side lacks once, with null.</summary>
    public static Rdd<(TKey Key, (TLeft Left, TRight? Right) Value)> LeftOuterJoin<TKey, TLeft, TRight>(
        this Rdd<(TKey Key, TLeft Value)> left,
        Rdd<(TKey Key, TRight Value)> right,
        int? partitionCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull
        where TRight : class =>
        PairOperators.Join<TKey, TLeft, TRight, TLeft, TRight?>(
            left, right, partitionCount, UnmatchedPairs.Left, (static value => value, static value => value), new CallSite(nameof(LeftOuterJoin), file, line));

    /// <summary>As <c>Join</c>, and each right pair whose key the left side lacks once, with null.</summary>
    public static Rdd<(TKey Key, (TLeft? Left, TRight Right) Value)> RightOuterJoin<TKey, TLeft, TRight>(
        this Rdd<(TKey Key, TLeft Value)> left,
        Rdd<(TKey Key, TRight Value)> right,
        int? partitionCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull
        where TLeft : class =>
        PairOperators.Join<TKey, TLeft, TRight, TLeft?, TRight>(
            left, right, partitionCount, UnmatchedPairs.Right, (static value => value, static value => value), new CallSite(nameof(RightOuterJoin), file, line));

    /// <summary>As <c>Join</c>, and each pair whose key the other side lacks once, with null.</summary>
    public static Rdd<(TKey Key, (TLeft? Left, TRight? Right) Value)> FullOuterJoin<TKey, TLeft, TRight>(
        this Rdd<(TKey Key, TLeft Value)> left,
        Rdd<(TKey Key, TRight Value)> right,
        int? partitionCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull
        where TLeft : class
        where TRight : class =>
        PairOperators.Join<TKey, TLeft, TRight, TLeft?, TRight?>(
            left,
            right,
            partitionCount,
            UnmatchedPairs.Left | UnmatchedPairs.Right,
            (static value => value, static value => value),
            new CallSite(nameof(FullOuterJoin), file, line));
}
