using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime.GrainDirectory;

/// <summary>Where activations on other silos were when last heard of. Thread-safe; a hit allocates nothing.</summary>
/// <remarks>
/// Two generations: when the young one is half of the capacity, it becomes the old one, and what was not used meanwhile is forgotten.
/// </remarks>
internal sealed class GrainLocationCache(int capacity)
{
    private readonly int _half = Math.Max(1, capacity / 2);
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<GrainId, GrainAddress> _young = [];
    private volatile ConcurrentDictionary<GrainId, GrainAddress> _old = [];
    private int _youngCount;

    public bool TryGet(GrainId grain, [NotNullWhen(true)] out GrainAddress? address)
    {
        if (_young.TryGetValue(grain, out address))
        {
            return true;
        }

        if (!_old.TryGetValue(grain, out address))
        {
            return false;
        }

        Set(address);
        return true;
    }

    public void Set(GrainAddress address)
    {
        var young = _young;
        if (young.TryGetValue(address.GrainId, out var present))
        {
            young.TryUpdate(address.GrainId, address, present);
            return;
        }

        young[address.GrainId] = address;
        if (Interlocked.Increment(ref _youngCount) >= _half)
        {
            Age();
        }
    }

    /// <summary>Forgets an address, if it is what is remembered of the grain.</summary>
    public void Remove(GrainAddress address)
    {
        Remove(_young, address);
        Remove(_old, address);
    }

    /// <summary>Forgets everything on silos that a snapshot calls dead.</summary>
    public void RemoveDead(ClusterMembershipSnapshot snapshot)
    {
        RemoveDead(_young, snapshot);
        RemoveDead(_old, snapshot);
    }

    private static void Remove(ConcurrentDictionary<GrainId, GrainAddress> generation, GrainAddress address)
    {
        if (generation.TryGetValue(address.GrainId, out var present) && present.Matches(address))
        {
            generation.TryRemove(KeyValuePair.Create(address.GrainId, present));
        }
    }

    private static void RemoveDead(ConcurrentDictionary<GrainId, GrainAddress> generation, ClusterMembershipSnapshot snapshot)
    {
        foreach (var pair in generation)
        {
            if (snapshot.GetSiloStatus(pair.Value.SiloAddress!) == SiloStatus.Dead)
            {
                generation.TryRemove(pair);
            }
        }
    }

    private void Age()
    {
        lock (_gate)
        {
            if (_youngCount >= _half)
            {
                _old = _young;
                _young = [];
                _youngCount = 0;
            }
        }
    }
}
