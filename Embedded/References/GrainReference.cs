using Orleans.Serialization.Codecs;


namespace Orleans.Runtime;

/// <summary>Calls a grain, observer or service of a silo. Proxies of interfaces derive from it. Immutable; equal if what they refer to is the same.</summary>
[SerializedBy(typeof(ReferenceCodec<GrainReference>))]
public class GrainReference : IAddressable, IEquatable<GrainReference>, ISpanFormattable
{
    internal GrainReference(ReferenceTarget target, GrainId grain, SiloAddress? silo)
    {
        Target = target;
        GrainId = grain;
        Silo = silo;
    }

    /// <summary>What it refers to.</summary>
    public GrainId GrainId { get; }

    /// <summary>The interface that it offers; default if it is of no particular one.</summary>
    public GrainInterfaceType InterfaceType => Target.InterfaceType;

    /// <summary>The name of the interface.</summary>
    public string InterfaceName => Target.InterfaceType.ToString();

    internal ReferenceTarget Target { get; }

    /// <summary>The silo of a service of one silo; null for everything else.</summary>
    internal SiloAddress? Silo { get; }

    /// <summary>A hash that is the same in every process.</summary>
    public uint GetUniformHashCode() => GrainId.GetUniformHashCode();

    /// <summary>A reference to the same by another interface.</summary>
    public virtual TGrainInterface Cast<TGrainInterface>()
        where TGrainInterface : IAddressable => (TGrainInterface)Cast(typeof(TGrainInterface));

    /// <inheritdoc/>
    public bool Equals(GrainReference? other) => other is not null && GrainId == other.GrainId;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    /// <inheritdoc/>
    public override int GetHashCode() => GrainId.GetHashCode();

    /// <summary><c>GrainReference:type/key:interface</c>.</summary>
    public override string ToString() => $"GrainReference:{GrainId}{(InterfaceType.IsDefault ? "" : ":")}{InterfaceType}";

    internal object Cast(Type interfaceType) => interfaceType.IsInstanceOfType(this) ? this : Target.Runtime.GetReference(GrainId, interfaceType);

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        destination.TryWrite($"{ToString()}", out charsWritten);

    /// <summary>Compares.</summary>
    public static bool operator ==(GrainReference? left, GrainReference? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Compares.</summary>
    public static bool operator !=(GrainReference? left, GrainReference? right) => !(left == right);
}
