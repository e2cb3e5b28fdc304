using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Dpark.Partitioning;

namespace Dpark.Text;

/// <summary>
/// Text as UTF-8 bytes of a buffer, without an object of its own: what lines and words are where a <see cref="string"/> for each would cost most of the time.
/// Equality and order are those of the bytes, which is the order of code points; the hash is that of the string.
/// </summary>
/// <remarks>
/// <para><b>Lifetime</b> is that of a <see cref="ByteSlice"/>: a function may use and return the texts that it is called with; to keep one for a later call it
/// calls <see cref="Keep"/> or <see cref="ToString()"/>. A text that is used too late throws <see cref="InvalidOperationException"/>.</para>
/// <para>Bytes that are no valid UTF-8 stay as they are; <see cref="ToString()"/> shows replacement characters. Lengths and positions count bytes.
/// Separators and what is searched for may be given as UTF-8 literals, such as <c>line.StartsWith("ERROR"u8)</c>.</para>
/// </remarks>
/// <example><code>
/// var counts = dpark.Utf8TextFile("books/*.txt").FlatMap(line => line.Split(' ')).Map(word => (word, 1L)).ReduceByKey((a, b) => a + b);
/// </code></example>
public readonly struct Utf8Text : IEquatable<Utf8Text>, IComparable<Utf8Text>, IStableHashable, IUtf8SpanFormattable, ISpanFormattable
{
    // As in a slice, and not a slice, because only fields that are no structs of several fields are kept in registers.
    private readonly ByteBlock? _block;
    private readonly ulong _place;

    internal Utf8Text(ByteBlock? block, int start, int length)
    {
        _block = block;
        _place = ByteSlice.PlaceOf(start, length);
    }

    private Utf8Text(ByteSlice bytes)
    {
        _block = bytes.Block;
        _place = bytes.Place;
    }

    /// <summary>The bytes, with the same lifetime.</summary>
    public ByteSlice Bytes => new(_block, _place);

    /// <summary>The bytes, without a copy. For the call that got the text.</summary>
    /// <exception cref="InvalidOperationException">The text was kept without <see cref="Keep"/>, and its buffer has been used again.</exception>
    public ReadOnlySpan<byte> Span => Bytes.Span;

    /// <summary>Bytes, not characters.</summary>
    public int Length => ByteSlice.LengthOf(_place);

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>The <see cref="StableHash"/> of the string that the text is.</summary>
    public ulong StableHashCode => Utf8Hash.Of(Span);

    /// <summary>One byte.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such byte.</exception>
    public byte this[int index] => Span[index];

    /// <summary>Encodes a string: the result lives as long as it is referred to. A lone surrogate becomes a replacement character.</summary>
    public static Utf8Text From(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return default;
        }

        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return new Utf8Text(new ByteBlock(bytes), 0, bytes.Length);
    }

    /// <summary>Copies bytes: the result lives as long as it is referred to.</summary>
    public static Utf8Text CopyOf(ReadOnlySpan<byte> bytes) => new(ByteSlice.CopyOf(bytes));

    /// <summary>A part of the text, without a copy. Ranges such as <c>line[3..]</c> call it. Positions are bytes: a character may be cut in two.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many bytes.</exception>
    public Utf8Text Slice(int start, int length) => new(Bytes.Slice(start, length));

    /// <summary>A copy that lives as long as it is referred to.</summary>
    /// <exception cref="InvalidOperationException">It is too late: the buffer has been used again.</exception>
    public Utf8Text Keep() => new(Bytes.Keep());

    /// <summary>The position of the first such byte; -1 if there is none.</summary>
    public int IndexOf(byte value) => Span.IndexOf(value);

    /// <summary>The position at which such bytes begin first; -1 if they are not there.</summary>
    public int IndexOf(ReadOnlySpan<byte> value) => Span.IndexOf(value);

    /// <summary>Whether such bytes are in the text.</summary>
    public bool Contains(ReadOnlySpan<byte> value) => Span.IndexOf(value) >= 0;

    /// <summary>Whether the text begins with such bytes.</summary>
    public bool StartsWith(ReadOnlySpan<byte> value) => Span.StartsWith(value);

    /// <summary>Whether the text ends with such bytes.</summary>
    public bool EndsWith(ReadOnlySpan<byte> value) => Span.EndsWith(value);

    /// <summary>The parts between separators, as <see cref="string.Split(char, StringSplitOptions)"/> gives them, lazily and without a copy.</summary>
    /// <exception cref="ArgumentException">The separator is a surrogate, or an option is unknown.</exception>
    public Utf8Split Split(char separator, StringSplitOptions options = StringSplitOptions.None) => Utf8Split.At(this, separator, options);

    /// <summary>The words: the parts between white space, without empty ones, lazily and without a copy.</summary>
    public Utf8Split SplitWhiteSpace() => Utf8Split.AtWhiteSpace(this);

    /// <summary>The text without white space at both ends.</summary>
    public Utf8Text Trim() => TrimEnd().TrimStart();

    /// <summary>The text without white space at its start.</summary>
    public Utf8Text TrimStart()
    {
        var bytes = Span;
        var start = 0;
        while (start < bytes.Length && Rune.DecodeFromUtf8(bytes[start..], out var rune, out var count) == OperationStatus.Done && Rune.IsWhiteSpace(rune))
        {
            start += count;
        }

        return Slice(start, bytes.Length - start);
    }

    /// <summary>The text without white space at its end.</summary>
    public Utf8Text TrimEnd()
    {
        var bytes = Span;
        while (!bytes.IsEmpty && Rune.DecodeLastFromUtf8(bytes, out var rune, out var count) == OperationStatus.Done && Rune.IsWhiteSpace(rune))
        {
            bytes = bytes[..^count];
        }

        return Slice(0, bytes.Length);
    }

    /// <summary>Reads a value, such as a number or a date, in the invariant culture.</summary>
    /// <example><code>var sizes = lines.Map(line => line[..10].Trim().Parse&lt;long>());</code></example>
    /// <exception cref="FormatException">The text is no such value.</exception>
    /// <exception cref="OverflowException">The value is out of the range of its type.</exception>
    public T Parse<T>()
        where T : IUtf8SpanParsable<T> => T.Parse(Span, CultureInfo.InvariantCulture);

    /// <summary>As <see cref="Parse"/>, without an exception.</summary>
    /// <returns><see langword="false"/> if the text is no such value.</returns>
    public bool TryParse<T>([MaybeNullWhen(false)] out T value)
        where T : IUtf8SpanParsable<T> => T.TryParse(Span, CultureInfo.InvariantCulture, out value);

    /// <inheritdoc/>
    public bool Equals(Utf8Text other) => Bytes.Equals(other.Bytes);

    /// <summary>Whether the text is these bytes, such as <c>"GET"u8</c>.</summary>
    public bool Equals(ReadOnlySpan<byte> other) => Span.SequenceEqual(other);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Utf8Text other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)StableHashCode;

    /// <summary>Compares byte by byte, which is the order of code points; a beginning is less than the whole.</summary>
    public int CompareTo(Utf8Text other) => Bytes.CompareTo(other.Bytes);

    /// <summary>The text as a string; bytes that are not valid become replacement characters.</summary>
    /// <exception cref="InvalidOperationException">The buffer has been used again.</exception>
    public override string ToString()
    {
        var text = Encoding.UTF8.GetString(Span);
        Bytes.EnsureAlive();
        return text;
    }

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <inheritdoc/>
    public bool TryFormat(Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        bytesWritten = Span.TryCopyTo(utf8Destination) ? Length : 0;
        return bytesWritten == Length;
    }

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        Encoding.UTF8.TryGetChars(Span, destination, out charsWritten);

    /// <summary>Whether the bytes are equal.</summary>
    public static bool operator ==(Utf8Text left, Utf8Text right) => left.Equals(right);

    /// <summary>Whether the bytes differ.</summary>
    public static bool operator !=(Utf8Text left, Utf8Text right) => !left.Equals(right);

    /// <summary>See <see cref="CompareTo"/>.</summary>
    public static bool operator <(Utf8Text left, Utf8Text right) => left.CompareTo(right) < 0;

    /// <summary>See <see cref="CompareTo"/>.</summary>
    public static bool operator >(Utf8Text left, Utf8Text right) => left.CompareTo(right) > 0;

    /// <summary>See <see cref="CompareTo"/>.</summary>
    public static bool operator <=(Utf8Text left, Utf8Text right) => left.CompareTo(right) <= 0;

    /// <summary>See <see cref="CompareTo"/>.</summary>
    public static bool operator >=(Utf8Text left, Utf8Text right) => left.CompareTo(right) >= 0;

    /// <summary>Makes a text of another one if it is of the same block: a reference that is there already is not written again, which would be a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryMove(ref Utf8Text target, ByteBlock? block, int start, int length)
    {
        if (!ReferenceEquals(target._block, block))
        {
            return false;
        }

        Unsafe.AsRef(in target._place) = ByteSlice.PlaceOf(start, length);
        return true;
    }

    /// <inheritdoc cref="TryMove(ref Utf8Text, ByteBlock?, int, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryMove(ref Utf8Text target, in Utf8Text other) => TryMove(ref target, other._block, other.Bytes.Start, other.Length);
}
