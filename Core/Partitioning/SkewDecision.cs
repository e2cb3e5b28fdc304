using System.Globalization;
using Dpark.Memory;
using Dpark.Rdds;
using Dpark.Rdds.Actions;
using Dpark.Rdds.Operators;
using Dpark.Shuffle;

namespace Dpark.Partitioning;

/// <summary>A partition of a join, or a part of one.</summary>
/// <param name="Partition">The partition of the partitioner.</param>
/// <param name="Left">The map outputs that are read of the left side.</param>
/// <param name="Right">And of the right one.</param>
internal readonly record struct JoinPart(int Partition, MapRange Left, MapRange Right);

/// <summary>Decides whether the large partitions of one join of two shuffles become several. Driver only. Thread-safe.</summary>
/// <remarks>
/// Parts of a partition share keys, so a join that is cut has no partitioner. That is decided once: by the first job, which measures what the map stages wrote; or before, in favour of
/// whole partitions, by whoever relies on the partitioner or lists the partitions. An operator that is built later finds no partitioner, and shuffles.
/// </remarks>
internal sealed class SkewDecision(IRddContext context, JoinSides sides)
{
    // Small inputs whose map outputs would have to be so many times as large to matter are not measured.
    private const int MostExpansion = 8;

    private static readonly SkewCut[] s_none = [];

    private readonly Lock _gate = new();
    private SkewCut[]? _cuts;
    private string _why = "large ones are cut by the size of the map outputs";

    /// <summary>Whether it is decided.</summary>
    public bool IsDecided => Volatile.Read(ref _cuts) is not null;

    /// <summary>Whether it is decided that at least one partition is cut.</summary>
    public bool IsCut => Volatile.Read(ref _cuts) is { Length: > 0 };

    /// <summary>What was decided, and why; or what has to happen before.</summary>
    public string Description
    {
        get
        {
            lock (_gate)
            {
                return _why;
            }
        }
    }

    /// <summary>Decides for whole partitions, if nothing is decided yet.</summary>
    /// <returns>Whether they are whole.</returns>
    public bool TryKeepWhole() => KeepWhole().Length == 0;

    /// <summary>The partitions, in order, with the parts of one beside each other. Decides for whole ones if nothing is decided yet.</summary>
    public JoinPart[] ListParts(int partitionCount)
    {
        var parts = new List<JoinPart>(partitionCount);
        var cuts = KeepWhole().ToDictionary(cut => cut.Partition);
        for (var partition = 0; partition < partitionCount; partition++)
        {
            if (!cuts.TryGetValue(partition, out var cut))
            {
                parts.Add(new(partition, MapRange.All, MapRange.All));
                continue;
            }

            foreach (var left in RangesOf(cut.LeftStarts))
            {
                foreach (var right in RangesOf(cut.RightStarts))
                {
                    parts.Add(new(partition, left, right));
                }
            }
        }

        return [.. parts];
    }

    /// <summary>Decides for a job. Runs the map stages, unless the input is too small.</summary>
    /// <param name="partitioner">Of the join; decided.</param>
    public async Task PrepareAsync(ShuffleDependency left, ShuffleDependency right, Partitioner partitioner, CallSite action, CancellationToken cancellationToken)
    {
        var options = context.Partitioning;
        var count = partitioner.PartitionCount;
        var (bytes, isKnown) = SizedSources.Of([left.Parent, right.Parent]).CountBytes(isForJob: true);
        if (count == 1 || (isKnown && bytes < options.SkewBytes / MostExpansion))
        {
            Decide(s_none, count == 1 ? "a single one is never cut" : $"whole, as {ByteText.Of(bytes)} of input are too little to measure");
            return;
        }

        BucketRange[] buckets = [.. Enumerable.Range(0, count).Select(partitioner.BucketsOf)];
        var limits = SkewLimits.Of(options, sides, context.DefaultParallelism);
        var cuts = await JobRunner.CollectAsync(new SkewedPartitionsRdd(left, right, buckets, limits, action), action, cancellationToken).ConfigureAwait(false);
        Decide([.. cuts], Describe(cuts, count, options.SkewFactor, options.SkewBytes));
    }

    private static string Describe(List<SkewCut> cuts, int count, double factor, long leastBytes)
    {
        if (cuts.Count == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"none of {count} has more than {factor} times the median and {ByteText.Of(leastBytes)} on a side that can be cut");
        }

        var largest = cuts.MaxBy(cut => cut.Bytes)!;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{cuts.Count} of {count} cut into {cuts.Sum(cut => cut.LeftStarts.Length * cut.RightStarts.Length)} parts, the largest has {ByteText.Of(largest.Bytes)} on one side, the median {ByteText.Of(largest.MedianBytes)}");
    }

    private static IEnumerable<MapRange> RangesOf(int[] starts)
    {
        // The last range is open, so that every map is in one.
        for (var i = 0; i < starts.Length; i++)
        {
            yield return new(starts[i], (i + 1 < starts.Length ? starts[i + 1] : int.MaxValue) - starts[i]);
        }
    }

    private SkewCut[] KeepWhole() => Decide(s_none, "whole, as an operator or the program relies on the partitioner or on their number");

    private SkewCut[] Decide(SkewCut[] cuts, string why)
    {
        lock (_gate)
        {
            if (_cuts is null)
            {
                _why = why;
                Volatile.Write(ref _cuts, cuts);
            }

            return _cuts;
        }
    }
}
