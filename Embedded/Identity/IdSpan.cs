using System.Diagnostics.CodeAnalysis;
using System.Text;
using Orleans.Serialization.Codecs;

namespace Orleans.Runtime;

/// <summary>A piece of a grain's identity: UTF-8 bytes with their hash. Immutable; two are equal if their bytes are.</summary>
[Immutable, SerializedBy(typeof(IdSpanCodec))]
public readonly struct IdSpan : IEquatable<IdSpan>, IComparable<IdSpan>, ISpanFormattable
{
    private readonly byte[]? _value;
    private readonly int _hash;

    /// <summary>Takes the bytes as they are; the caller must not change them.</summary>
    public IdSpan(byte[] value)
    {
        _value = value;
        _hash = Hash(value);
    }

    private IdSpan(byte[] value, int hash)
    {
        _value = value;
        _hash = hash;
    }

    /// <summary>Whether there is no value.</summary>
    public bool IsDefault => _value is null || _value.Length == 0;

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Value => _value;

    /// <summary>The span of a text.</summary>
    public static IdSpan Create(string id) => new(Encoding.UTF8.GetBytes(id));

    /// <summary>Takes bytes and their hash, which must be that of <see cref="GetHashCode"/>.</summary>
    public static IdSpan UnsafeCreate(byte[] value, int hash) => new(value, hash);

    /// <summary>The bytes themselves.</summary>
    public static byte[]? UnsafeGetArray(IdSpan id) => id._value;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> AsSpan() => _value;

    /// <summary>A hash that is the same in every process.</summary>
    public uint GetUniformHashCode() => unchecked((uint)_hash);

    /// <inheritdoc/>
    public bool Equals(IdSpan other) => _hash == other._hash && (ReferenceEquals(_value, other._value) || AsSpan().SequenceEqual(other.AsSpan()));

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is IdSpan other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public int CompareTo(IdSpan other) => AsSpan().SequenceCompareTo(other.AsSpan());

    /// <inheritdoc/>
    public override string ToString() => _value is null ? "" : Encoding.UTF8.GetString(_value);

    /// <summary>Writes the text form.</summary>
    public bool TryFormat(Span<char> destination, out int charsWritten) => Encoding.UTF8.TryGetChars(AsSpan(), destination, out charsWritten);

    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => ToString();

    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        TryFormat(destination, out charsWritten);

    /// <summary>Compares.</summary>
    public static bool operator ==(IdSpan left, IdSpan right) => left.Equals(right);

    /// <summary>Compares.</summary>
    public static bool operator !=(IdSpan left, IdSpan right) => !left.Equals(right);

    private static int Hash(ReadOnlySpan<byte> value) => value.IsEmpty ? 0 : unchecked((int)IdHash.Of(value));
}
