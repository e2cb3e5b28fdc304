using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>Says where an activation of a grain is. Immutable.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("orleans.GrainAddress")]
public sealed class GrainAddress : IEquatable<GrainAddress>, ISpanFormattable
{
    /// <summary>The grain.</summary>
    [Id(0)]
    public GrainId GrainId { get; init; }

    /// <summary>The activation; default if unknown.</summary>
    [Id(1)]
    public ActivationId ActivationId { get; init; }

    /// <summary>The silo; null if unknown.</summary>
    [Id(2)]
    public SiloAddress? SiloAddress { get; init; }

    /// <summary>The view of the cluster in which the activation was registered.</summary>
    [Id(3)]
    public MembershipVersion MembershipVersion { get; init; } = MembershipVersion.MinValue;

    /// <summary>Whether grain, activation and silo are known.</summary>
    [MemberNotNullWhen(true, nameof(SiloAddress))]
    public bool IsComplete => !GrainId.IsDefault && !ActivationId.IsDefault && SiloAddress is not null;

    /// <inheritdoc/>
    public bool Equals(GrainAddress? other) => Matches(other) && MembershipVersion == other!.MembershipVersion;

    /// <summary>Whether grain and silo are the same, and the activation if both know it.</summary>
    public bool Matches(GrainAddress? other) =>
        other is not null
        && GrainId == other.GrainId
        && (SiloAddress?.Equals(other.SiloAddress) ?? other.SiloAddress is null)
        && (ActivationId == other.ActivationId || ActivationId.IsDefault || other.ActivationId.IsDefault);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GrainAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(SiloAddress, GrainId, ActivationId);

    /// <summary>Grain, activation and silo.</summary>
    public override string ToString() => $"[{SiloAddress} {GrainId} {ActivationId}]";

    /// <summary><see cref="ToString"/> with the view of the cluster.</summary>
    public string ToFullString() => $"[{SiloAddress} {GrainId} {ActivationId}, view {MembershipVersion}]";

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        destination.TryWrite($"[{SiloAddress} {GrainId} {ActivationId}]", out charsWritten);
}
