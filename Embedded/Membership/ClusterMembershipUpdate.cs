using System.Collections.Immutable;

namespace Orleans.Runtime;

/// <summary>A snapshot with what has changed since another one.</summary>
[GenerateSerializer, Immutable, Alias("orleans.ClusterMembershipUpdate")]
public sealed class ClusterMembershipUpdate(ClusterMembershipSnapshot snapshot, ImmutableArray<ClusterMember> changes)
{
    /// <summary>Silos with another status, in their new one.</summary>
    [Id(0)]
    public ImmutableArray<ClusterMember> Changes { get; } = changes;

    /// <summary>The newer snapshot.</summary>
    [Id(1)]
    public ClusterMembershipSnapshot Snapshot { get; } = snapshot;

    /// <summary>Whether anything has changed.</summary>
    public bool HasChanges => !Changes.IsDefaultOrEmpty;
}
