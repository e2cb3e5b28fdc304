using System.Globalization;
using System.Text;
using Dpark.Caching;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Planning;

/// <summary>A lineage as people read it: a line per RDD, the last one first, and a step to the right behind each shuffle and wherever several are read.</summary>
internal static class PlanText
{
    /// <summary>Writes what is known without reading directories or running anything.</summary>
    public static string Of(Rdd rdd)
    {
        var text = new StringBuilder();
        var written = new HashSet<Rdd>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<(Rdd Rdd, int Depth, ShuffleDependency? Shuffle)>();
        waiting.Push((rdd, 0, null));
        while (waiting.TryPop(out var next))
        {
            text.Append(' ', 2 * next.Depth);
            if (next.Shuffle is { } shuffle)
            {
                text.Append("+ ");
                AppendShuffle(text, shuffle);
            }

            if (!written.Add(next.Rdd))
            {
                text.Append(CultureInfo.InvariantCulture, $"{next.Rdd.Id}: as above\n");
                continue;
            }

            AppendRdd(text, next.Rdd);
            var dependencies = next.Rdd.Dependencies;
            for (var i = dependencies.Count - 1; i >= 0; i--)
            {
                var read = dependencies[i] as ShuffleDependency;
                waiting.Push((dependencies[i].Parent, next.Depth + (read is not null || dependencies.Count > 1 ? 1 : 0), read));
            }
        }

        return text.ToString();
    }

    private static void AppendRdd(StringBuilder text, Rdd rdd)
    {
        var count = rdd.KnownPartitionCount is { } known ? known.ToString(CultureInfo.InvariantCulture) : "?";
        text.Append(CultureInfo.InvariantCulture, $"({count}) {rdd.Id} {rdd.CallSite}");
        if (rdd.StorageLevel != StorageLevel.None)
        {
            text.Append(CultureInfo.InvariantCulture, $", kept: {rdd.StorageLevel}");
        }

        foreach (var dependency in rdd.Dependencies)
        {
            if (dependency is ShuffleDependency { Partitioner: SizedPartitioner sized })
            {
                text.Append(CultureInfo.InvariantCulture, $". Partitions: {sized.Decision.Description}");
                break;
            }
        }

        if (rdd.PartitionsNote is { } note)
        {
            text.Append(CultureInfo.InvariantCulture, $". Skew: {note}");
        }

        text.Append('\n');
    }

    private static void AppendShuffle(StringBuilder text, ShuffleDependency shuffle)
    {
        // Nothing is decided by asking here.
        var buckets = shuffle.Partitioner is SizedPartitioner sized ? sized.Decision.KnownBucketCount : shuffle.Partitioner.PartitionCount;
        text.Append(CultureInfo.InvariantCulture, $"shuffle-{shuffle.Shuffle.Ordinal}, {(buckets is { } count ? count.ToString(CultureInfo.InvariantCulture) : "?")} buckets: ");
    }
}
