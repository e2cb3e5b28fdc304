using System.Diagnostics.CodeAnalysis;
using Dpark.Partitioning;
using StableHash = Dpark.Partitioning.StableHash;

namespace Dpark.Text;

/// <summary>
/// Some bytes of a buffer, such as a record of a binary file, without an object of their own. Compared byte by byte, unsigned; as a key of shuffles and sorts
/// it needs no copy.
/// </summary>
/// <remarks>
/// <para><b>Lifetime.</b> A slice that a function of a job is called with lives as long as the call, and as far as the function returns it, on to the next
/// operator: the engine copies what it keeps itself, in a cache, a key table or a sort. A function that keeps a slice for a later call, in a
/// field or a collection that it captured, keeps a copy: <see cref="Keep"/>. The engine uses a buffer again only after it has cut off its slices: one that was not
/// copied throws <see cref="InvalidOperationException"/> then, and never shows other bytes. The elements of <c>MapPartitions</c> and of results that arrived in
/// the driver are copies already.</para>
/// <para>A span of the bytes has no such guard: it is for the call that got it. Another thread needs a copy.</para>
/// </remarks>
public readonly struct ByteSlice : IEquatable<ByteSlice>, IComparable<ByteSlice>, IStableHashable
{
    private const int LengthShift = 32;

    private readonly ByteBlock? _block;

    // Position and length as one number: a struct of two words travels in registers, and one of three fields by way of memory.
    private readonly ulong _place;

    internal ByteSlice(ByteBlock? block, int start, int length)
        : this(block, PlaceOf(start, length))
    {
    }

    internal ByteSlice(ByteBlock? block, ulong place)
    {
        _block = block;
        _place = place;
    }

    /// <summary>Bytes.</summary>
    public int Length => LengthOf(_place);

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>The bytes, without a copy. For the call that got the slice.</summary>
    /// <exception cref="InvalidOperationException">The slice was kept without <see cref="Keep"/>, and its buffer has been used again.</exception>
    public ReadOnlySpan<byte> Span
    {
        get
        {
            var length = Length;
            if (length == 0)
            {
                return default;
            }

            var block = _block!;
            var bytes = block.Bytes;
            return bytes is not null ? new ReadOnlySpan<byte>(bytes, Start, length) : block.OnPages(Start, length);
        }
    }

    /// <inheritdoc/>
    public ulong StableHashCode => StableHash.OfBytes(Span);

    internal ByteBlock? Block => _block;

    internal int Start => StartOf(_place);

    internal ulong Place => _place;

    /// <summary>One byte.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such byte.</exception>
    public byte this[int index] => Span[index];

    /// <summary>Copies bytes: the result lives as long as it is referred to.</summary>
    public static ByteSlice CopyOf(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? default : new(new ByteBlock(bytes.ToArray()), 0, bytes.Length);

    /// <summary>A part of the slice, without a copy. Ranges such as <c>record[..10]</c> call it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many bytes.</exception>
    public ByteSlice Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start, (uint)Length, nameof(start));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)(Length - start), nameof(length));
        return new ByteSlice(_block, Start + start, length);
    }

    /// <summary>A copy that lives as long as it is referred to.</summary>
    /// <exception cref="InvalidOperationException">It is too late: the buffer has been used again.</exception>
    public ByteSlice Keep()
    {
        var copy = CopyOf(Span);
        EnsureAlive();
        return copy;
    }

    /// <summary>The bytes as an array of their own.</summary>
    /// <exception cref="InvalidOperationException">The buffer has been used again.</exception>
    public byte[] ToArray()
    {
        var copy = Span.ToArray();
        EnsureAlive();
        return copy;
    }

    /// <inheritdoc/>
    public bool Equals(ByteSlice other) => Length == other.Length && Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ByteSlice other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)StableHashCode;

    /// <summary>Compares byte by byte, unsigned; a beginning is less than the whole.</summary>
    public int CompareTo(ByteSlice other) => Span.SequenceCompareTo(other.Span);

    /// <summary>The bytes in hexadecimal digits, at most the first 64.</summary>
    public override string ToString() => Convert.ToHexString(Span[..Math.Min(Length, 64)]) + (Length > 64 ? "..." : "");

    /// <summary>Whether the bytes are equal.</summary>
    public static bool operator ==(ByteSlice left, ByteSlice right) => left.Equals(right);

    /// <summary>Whether the bytes differ.</summary>
    public static bool operator !=(ByteSlice left, ByteSlice right) => !left.Equals(right);

    /// <summary>See <see cref="CompareTo"/>.</summary>
    public static bool operator <(ByteSlice left, ByteSlice right) => left.CompareTo(right) < 0;

    /// <summary>See <see cref="CompareTo"/>.</summary>
    public static bool operator >(ByteSlice left, ByteSlice right) => left.CompareTo(right) > 0;

    /// <summary>See <see cref="CompareTo"/>.</summary>
    public static bool operator <=(ByteSlice left, ByteSlice right) => left.CompareTo(right) <= 0;

    /// <summary>See <see cref="CompareTo"/>.</summary>
    public static bool operator >=(ByteSlice left, ByteSlice right) => left.CompareTo(right) >= 0;

    /// <summary>What was read before is right only if the buffer was not used again meanwhile.</summary>
    internal void EnsureAlive()
    {
        if (Length > 0 && _block!.IsRetired)
        {
            ByteBlock.ThrowRetired();
        }
    }

    /// <summary>The number that position and length make.</summary>
    internal static ulong PlaceOf(int start, int length) => (uint)start | ((ulong)(uint)length << LengthShift);

    /// <summary>The position in such a number.</summary>
    internal static int StartOf(ulong place) => (int)place;

    /// <summary>The length in such a number.</summary>
    internal static int LengthOf(ulong place) => (int)(place >> LengthShift);
}
