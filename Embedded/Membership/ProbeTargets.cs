using System.Runtime.InteropServices;

namespace Orleans.Runtime.MembershipService;

/// <summary>Which silos a silo probes.</summary>
internal static class ProbeTargets
{
    /// <summary>
    /// The next silos after this one, each on a ring of its own that orders the silos by another hash. So every silo is probed by about as many others, and
    /// silos that fail together do not leave one unwatched.
    /// </summary>
    /// <returns>All others, if they are not more than <paramref name="count"/>.</returns>
    public static List<SiloAddress> Choose(ClusterMembershipSnapshot snapshot, SiloAddress self, int count)
    {
        var others = new List<SiloAddress>();
        foreach (var member in snapshot.Members.Values)
        {
            if (IsWatched(member.Status) && !member.SiloAddress.Equals(self))
            {
                others.Add(member.SiloAddress);
            }
        }

        if (others.Count <= count)
        {
            return others;
        }

        var chosen = new List<SiloAddress>(count);
        for (var ring = 0; ring < count; ring++)
        {
            var next = NextOnRing(others, self, ring);
            chosen.Add(next);
            others.Remove(next);
        }

        return chosen;
    }

    // Those that start have no grains yet, and end by themselves if they cannot.
    private static bool IsWatched(SiloStatus status) => status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping;

    private static SiloAddress NextOnRing(List<SiloAddress> others, SiloAddress self, int ring)
    {
        var origin = Position(self, ring);
        var next = others[0];
        var least = uint.MaxValue;
        foreach (var other in CollectionsMarshal.AsSpan(others))
        {
            // Wraps around at the end of the ring.
            var distance = unchecked(Position(other, ring) - origin);
            if (distance < least || (distance == least && other.CompareTo(next) < 0))
            {
                (next, least) = (other, distance);
            }
        }

        return next;
    }

    private static uint Position(SiloAddress silo, int ring) => IdHash.Combine(unchecked((uint)silo.GetConsistentHashCode()), (uint)ring);
}
