namespace Orleans.Runtime;

/// <summary>One silo of a <see cref="ClusterMembershipSnapshot"/>.</summary>
[GenerateSerializer, Immutable, Alias("orleans.ClusterMember")]
public sealed class ClusterMember(SiloAddress siloAddress, SiloStatus status, string name) : IEquatable<ClusterMember>
{
    /// <summary>The silo.</summary>
    [Id(0)]
    public SiloAddress SiloAddress { get; } = siloAddress;

    /// <summary>Its status.</summary>
    [Id(1)]
    public SiloStatus Status { get; } = status;

    /// <summary>Its name.</summary>
    [Id(2)]
    public string Name { get; } = name;

    /// <inheritdoc/>
    public bool Equals(ClusterMember? other) =>
        other is not null && SiloAddress.Equals(other.SiloAddress) && Status == other.Status && string.Equals(Name, other.Name, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ClusterMember);

    /// <inheritdoc/>
    public override int GetHashCode() => SiloAddress.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({SiloAddress}) {Status}";
}
