using System.Runtime.CompilerServices;
using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Workers;

namespace Dpark.Driver;

/// <summary>Where the cached partitions that a stage's tasks read were computed last. Used by the driver's loop only.</summary>
/// <remarks>
/// Remembered from reports: a task that succeeded has left the partitions that it went through on its worker. A worker that has dropped one since computes it
/// again, so a wrong memory costs locality, never a result.
/// </remarks>
internal sealed class CachedInputs
{
    private static readonly ConditionalWeakTable<Rdd, WorkerId?[]> Places = [];

    private readonly Rdd _root;

    private CachedInputs(Rdd root) => _root = root;

    /// <summary>The cached inputs of a stage; <see langword="null"/> if no RDD within it is cached.</summary>
    public static CachedInputs? Of(Rdd root)
    {
        var seen = new HashSet<Rdd>(ReferenceEqualityComparer.Instance) { root };
        var waiting = new Stack<Rdd>();
        waiting.Push(root);
        while (waiting.TryPop(out var rdd))
        {
            if (rdd.StorageLevel != StorageLevel.None)
            {
                return new CachedInputs(root);
            }

            foreach (var dependency in rdd.Dependencies)
            {
                if (dependency is NarrowDependency && seen.Add(dependency.Parent))
                {
                    waiting.Push(dependency.Parent);
                }
            }
        }

        return null;
    }

    /// <summary>Workers that have what a partition of the stage is computed from; empty if none is known.</summary>
    public IReadOnlyList<string> PlacesOf(int partition)
    {
        List<string>? found = null;
        Walk(partition, (places, index) =>
        {
            if (places[index] is not { } worker)
            {
                return true;
            }

            found ??= [];
            if (!found.Contains(worker.Value))
            {
                found.Add(worker.Value);
            }

            // What is behind a partition that is there is not needed.
            return false;
        });
        return found ?? (IReadOnlyList<string>)[];
    }

    /// <summary>A task of the stage succeeded on a worker.</summary>
    public void Remember(int partition, WorkerId worker) => Walk(partition, (places, index) =>
    {
        var isNew = places[index] != worker;
        places[index] = worker;
        return isNew;
    });

    /// <summary>Visits the cached partitions that a partition of the stage reads, until <paramref name="visit"/> says that those behind do not matter.</summary>
    private void Walk(int partition, Func<WorkerId?[], int, bool> visit)
    {
        var seen = new HashSet<(Rdd, int)>();
        var waiting = new Stack<(Rdd Rdd, int Partition)>();
        waiting.Push((_root, partition));
        while (waiting.TryPop(out var next))
        {
            if (!seen.Add(next))
            {
                continue;
            }

            if (next.Rdd.StorageLevel != StorageLevel.None
                && !visit(Places.GetValue(next.Rdd, static rdd => new WorkerId?[rdd.Partitions.Count]), next.Partition))
            {
                continue;
            }

            foreach (var dependency in next.Rdd.Dependencies)
            {
                if (dependency is NarrowDependency narrow)
                {
                    foreach (var parent in narrow.ParentPartitions(next.Partition))
                    {
                        waiting.Push((narrow.Parent, parent));
                    }
                }
            }
        }
    }
}
