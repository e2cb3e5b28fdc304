namespace Orleans.Runtime;

/// <summary>The membership as this silo sees it. Thread-safe.</summary>
public interface IClusterMembershipService
{
    /// <summary>The newest snapshot.</summary>
    ClusterMembershipSnapshot CurrentSnapshot { get; }

    /// <summary>The newest snapshot, then each newer one. A slow reader misses those in between.</summary>
    IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates { get; }

    /// <summary>Reads the membership table, unless a snapshot of that version is here already.</summary>
    ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default);

    /// <summary>Declares a silo dead.</summary>
    /// <returns>Whether it is dead now.</returns>
    Task<bool> TryKill(SiloAddress siloAddress);
}
