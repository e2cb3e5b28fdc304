using System.Collections.Immutable;

namespace Orleans.Runtime;

/// <summary>The silos of a cluster at one version of its membership.</summary>
[GenerateSerializer, Immutable, Alias("orleans.ClusterMembershipSnapshot")]
public sealed class ClusterMembershipSnapshot(ImmutableDictionary<SiloAddress, ClusterMember> members, MembershipVersion version)
{
    /// <summary>All silos, dead ones that are remembered included.</summary>
    [Id(0)]
    public ImmutableDictionary<SiloAddress, ClusterMember> Members { get; } = members;

    /// <summary>The version.</summary>
    [Id(1)]
    public MembershipVersion Version { get; } = version;

    internal static ClusterMembershipSnapshot Initial { get; } = new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, MembershipVersion.MinValue);

    /// <summary>
    /// Status of a silo. A silo that was replaced at its endpoint is dead; one that never was seen is <see cref="SiloStatus.None"/>.
    /// </summary>
    public SiloStatus GetSiloStatus(SiloAddress silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        if (Members.TryGetValue(silo, out var member))
        {
            return member.Status;
        }

        foreach (var other in Members.Keys)
        {
            if (other.IsSuccessorOf(silo))
            {
                return SiloStatus.Dead;
            }
        }

        return SiloStatus.None;
    }

    /// <summary>What differs from an earlier snapshot. Silos that are no longer listed count as dead.</summary>
    public ClusterMembershipUpdate CreateUpdate(ClusterMembershipSnapshot previous)
    {
        ArgumentNullException.ThrowIfNull(previous);
        var changes = ImmutableArray.CreateBuilder<ClusterMember>();
        foreach (var (silo, member) in Members)
        {
            if (!previous.Members.TryGetValue(silo, out var before) || before.Status != member.Status)
            {
                changes.Add(member);
            }
        }

        foreach (var (silo, member) in previous.Members)
        {
            if (member.Status != SiloStatus.Dead && !Members.ContainsKey(silo))
            {
                changes.Add(new ClusterMember(silo, SiloStatus.Dead, member.Name));
            }
        }

        return new ClusterMembershipUpdate(this, changes.ToImmutable());
    }

    /// <summary>All members as changes.</summary>
    public ClusterMembershipUpdate AsUpdate() => new(this, [.. Members.Values]);

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", Members.Values)}] version {Version}";
}
