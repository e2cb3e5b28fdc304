using Dpark.Partitioning;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Which pairs a join keeps that have no partner.</summary>
[Flags]
internal enum UnmatchedPairs
{
    None = 0,
    Left = 1,
    Right = 2,
}

/// <summary>For each key, every left value with every right value. Holds the left pairs of a partition in memory, if they fit, and streams the right input.</summary>
/// <param name="cuttable">The sides of which a partition may be cut by map outputs, if both are shuffled.</param>
/// <param name="present">Turns values into what the result holds for them: themselves, if that has the same type. What it holds for a missing partner is the default value.</param>
internal sealed class JoinedRdd<TKey, TLeft, TRight, TLeftOut, TRightOut>(
    Rdd<(TKey Key, TLeft Value)> left,
    Rdd<(TKey Key, TRight Value)> right,
    Partitioner partitioner,
    JoinSides cuttable,
    UnmatchedPairs unmatched,
    (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present,
    CallSite callSite)
    : TwoInputRdd<TKey, TLeft, TRight, (TKey Key, (TLeftOut Left, TRightOut Right) Value)>(left, right, partitioner, cuttable, callSite)
    where TKey : notnull
{
    protected override BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Compute(Partition partition, TaskContext context)
    {
        var sources = (TwoInputPartition)partition;
        return new JoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(
            Left.SideOf(partition.Buckets, sources.Left, sources.LeftMaps, context),
            Right.SideOf(partition.Buckets, sources.Right, sources.RightMaps, context),
            unmatched,
            present,
            CallSite,
            context);
    }
}
