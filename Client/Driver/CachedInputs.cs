using System.Runtime.CompilerServices;
using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Workers;

namespace Dpark.Driver;

/// <summary>Which workers hold the cached partitions that a stage's tasks read, as far as the driver knows. Used by the driver's loop only.</summary>
/// <remarks>
/// Remembered from reports: an attempt says what it has left in caches, and where copies are. A worker that has dropped a partition since is asked in vain, and the
/// partition is read from the next holder or computed, so a wrong memory costs time, never a result. What workers tell their cached partition grains may be lost
/// with the worker that was told first, which is the one whose loss matters here.
/// </remarks>
internal sealed class CachedInputs
{
    /// <summary>Holders that are remembered of one partition: the last one with its copy, and one more.</summary>
    private const int MaxHolders = 3;

    /// <summary>RDDs behind each other that are looked through for one launch: a lineage may be many thousands deep.</summary>
    private const int MaxVisits = 1024;

    private static readonly ConditionalWeakTable<Rdd, WorkerId[]?[]> Places = [];

    private readonly Rdd _root;
    private readonly Dictionary<RddId, Rdd> _cached;

    private CachedInputs(Rdd root, Dictionary<RddId, Rdd> cached) => (_root, _cached) = (root, cached);

    /// <summary>The cached inputs of a stage; <see langword="null"/> if no RDD within it is cached.</summary>
    public static CachedInputs? Of(Rdd root)
    {
        var seen = new HashSet<Rdd>(ReferenceEqualityComparer.Instance) { root };
        var waiting = new Stack<Rdd>();
        waiting.Push(root);
        var cached = new Dictionary<RddId, Rdd>();
        while (waiting.TryPop(out var rdd))
        {
            if (rdd.StorageLevel != StorageLevel.None)
            {
                cached[rdd.Id] = rdd;
            }

            foreach (var dependency in rdd.Dependencies)
            {
                if (dependency is NarrowDependency && seen.Add(dependency.Parent))
                {
                    waiting.Push(dependency.Parent);
                }
            }
        }

        return cached.Count > 0 ? new CachedInputs(root, cached) : null;
    }

    /// <summary>Workers that have what a partition of the stage is computed from; empty if none is known.</summary>
    public IReadOnlyList<string> PlacesOf(int partition)
    {
        List<string>? found = null;
        Walk(partition, (_, places, index) =>
        {
            if (places[index] is not { } holders)
            {
                return true;
            }

            found ??= [];
            foreach (var worker in holders)
            {
                if (!found.Contains(worker.Value))
                {
                    found.Add(worker.Value);
                }
            }

            // What is behind a partition that is there is not needed.
            return false;
        });
        return found ?? (IReadOnlyList<string>)[];
    }

    /// <summary>What an attempt on a worker is told.</summary>
    /// <param name="find">Gives the endpoint of a worker's block server; <see langword="null"/> if it has left the cluster.</param>
    /// <param name="targets">Gives workers that may take copies of what an attempt on the worker keeps.</param>
    /// <returns><see langword="null"/> if there is nothing to tell.</returns>
    public CacheHints? HintsFor(int partition, WorkerId worker, Func<WorkerId, string?> find, Func<int, WorkerId, IReadOnlyList<CachePeer>> targets)
    {
        var workers = new List<CachePeer>();
        var places = new List<CachedPlace>();
        Walk(partition, (rdd, known, index) =>
        {
            if (known[index] is not { } holders)
            {
                return true;
            }

            foreach (var holder in holders)
            {
                if (holder != worker && places.Count < CacheHints.MaxPlaces && find(holder) is { } endpoint)
                {
                    places.Add(new(rdd.Id, index, IndexOf(workers, new(holder, endpoint))));
                }
            }

            // It may be dropped by now, and what is behind it is read then.
            return true;
        }, MaxVisits);
        int[] copyTargets = _cached.Values.Any(static rdd => rdd.StorageLevel.HasCopy()) ? [.. targets(partition, worker).Select(peer => IndexOf(workers, peer))] : [];
        return workers.Count > 0 ? new([.. workers], [.. places], copyTargets) : null;
    }

    /// <summary>An attempt of the stage has left partitions in caches.</summary>
    public void Remember(KeptPartition[] kept)
    {
        foreach (var partition in kept)
        {
            if (_cached.TryGetValue(partition.Rdd, out var rdd) && PlacesOf(rdd) is var places && (uint)partition.PartitionIndex < (uint)places.Length)
            {
                ref var holders = ref places[partition.PartitionIndex];
                holders = [.. partition.Workers.Union(holders ?? []).Take(MaxHolders)];
            }
        }
    }

    private static WorkerId[]?[] PlacesOf(Rdd rdd) => Places.GetValue(rdd, static rdd => new WorkerId[]?[rdd.Partitions.Count]);

    private static int IndexOf(List<CachePeer> workers, CachePeer peer)
    {
        var index = workers.IndexOf(peer);
        if (index < 0)
        {
            index = workers.Count;
            workers.Add(peer);
        }

        return index;
    }

    /// <summary>Visits the cached partitions that a partition of the stage reads, until <paramref name="visit"/> says that those behind do not matter.</summary>
    private void Walk(int partition, Func<Rdd, WorkerId[]?[], int, bool> visit, int maxVisits = int.MaxValue)
    {
        var seen = new HashSet<(Rdd, int)>();
        var waiting = new Stack<(Rdd Rdd, int Partition)>();
        waiting.Push((_root, partition));
        while (seen.Count < maxVisits && waiting.TryPop(out var next))
        {
            if (!seen.Add(next))
            {
                continue;
            }

            if (next.Rdd.StorageLevel != StorageLevel.None
                && !visit(next.Rdd, PlacesOf(next.Rdd), next.Partition))
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
