using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>Names one activation of a grain. Never used twice.</summary>
[GenerateSerializer, Immutable, Alias("orleans.ActivationId")]
public readonly struct ActivationId : IEquatable<ActivationId>, ISpanFormattable
{
    private static readonly Guid ProcessSeed = Guid.NewGuid();
    private static long s_last;

    [Id(0)]
    private readonly Guid _key;

    /// <summary>The id of a number.</summary>
    public ActivationId(Guid key) => _key = key;

    /// <summary>Whether this names no activation.</summary>
    public bool IsDefault => _key == Guid.Empty;

    /// <summary>A new id.</summary>
    public static ActivationId NewId()
    {
        // Half of it is random per process, half counts: a random number per activation would cost as much as the rest of a fresh activation.
        Span<byte> bytes = stackalloc byte[16];
        ProcessSeed.TryWriteBytes(bytes);
        BitConverter.TryWriteBytes(bytes, Interlocked.Increment(ref s_last));
        return new ActivationId(new Guid(bytes));
    }

    /// <summary>The same id for a grain each time.</summary>
    public static ActivationId GetDeterministic(GrainId grain) => new(new Guid(
        unchecked((int)grain.GetUniformHashCode()), 0, 0, BitConverter.GetBytes(((ulong)grain.Type.GetUniformHashCode() << 32) | grain.Key.GetUniformHashCode())));

    /// <summary>Reads what <see cref="ToParsableString"/> writes.</summary>
    public static ActivationId FromParsableString(string activationId)
    {
        ArgumentNullException.ThrowIfNull(activationId);
        return new ActivationId(Guid.ParseExact(activationId.AsSpan(1), "N"));
    }

    /// <summary>A text that <see cref="FromParsableString"/> reads.</summary>
    public string ToParsableString() => ToString();

    /// <inheritdoc/>
    public bool Equals(ActivationId other) => _key.Equals(other._key);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ActivationId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _key.GetHashCode();

    /// <summary><c>@</c> and 32 hexadecimal digits.</summary>
    public override string ToString() => $"@{_key:N}";

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        destination.TryWrite($"@{_key:N}", out charsWritten);

    /// <summary>Compares.</summary>
    public static bool operator ==(ActivationId left, ActivationId right) => left.Equals(right);

    /// <summary>Compares.</summary>
    public static bool operator !=(ActivationId left, ActivationId right) => !left.Equals(right);
}
