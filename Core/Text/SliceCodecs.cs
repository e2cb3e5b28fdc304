using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Codecs;

namespace Dpark.Text;

/// <summary>Slices as a column of lengths and the bytes in a row, as strings are. Decoded ones share a block for the column.</summary>
internal abstract class SliceColumn<T> : RecordCodec<T>
{
    // Total bytes, and the width of the lengths.
    private const int HeaderBytes = 5;

    internal sealed override int LeastBits => 8;

    internal sealed override long HeapBytes(ReadOnlySpan<T> values, int depth)
    {
        var bytes = 0L;
        foreach (var slice in Slices(values))
        {
            bytes += slice.Length;
        }

        return bytes;
    }

    public sealed override void Encode(ReadOnlySpan<T> values, RecordBuffer output)
    {
        var slices = Slices(values);
        using var scratch = new Scratch<int>(slices.Length);
        var lengths = scratch.Span;
        var total = 0L;
        var longest = 0;
        for (var i = 0; i < slices.Length; i++)
        {
            var length = slices[i].Length;
            lengths[i] = length;
            total += length;
            longest = Math.Max(longest, length);
        }

        var width = LengthColumn.WidthOf(longest);
        var lengthBytes = HeaderBytes + ((long)slices.Length * width);
        var column = output.Append(lengthBytes + total);
        BinaryPrimitives.WriteInt32LittleEndian(column, (int)total);
        column[sizeof(int)] = (byte)width;
        LengthColumn.Fill(lengths, width, column[HeaderBytes..]);
        column = column[(int)lengthBytes..];
        foreach (ref readonly var slice in slices)
        {
            slice.Span.CopyTo(column);
            column = column[slice.Length..];
        }
    }

    public sealed override void Decode(ref RecordInput input, scoped Span<T> values)
    {
        using var scratch = new Scratch<int>(values.Length);
        var lengths = scratch.Span;
        var total = input.ReadInt32();
        var sum = LengthColumn.Decode(ref input, lengths);
        if (sum != total || lengths.Contains(LengthColumn.Null))
        {
            RecordErrors.ThrowDamaged($"slices of {sum} bytes where {total} are announced, or a missing one");
        }

        var bytes = input.ReadBytes(total);
        var (block, start) = NewBlock(bytes, input.Arena);
        var slices = MemoryMarshal.CreateSpan(ref Unsafe.As<T, ByteSlice>(ref MemoryMarshal.GetReference(values)), values.Length);
        for (var i = 0; i < slices.Length; i++)
        {
            slices[i] = new ByteSlice(block, start, lengths[i]);
            start += lengths[i];
        }
    }

    private static (ByteBlock Block, int Start) NewBlock(ReadOnlySpan<byte> bytes, ByteArena? arena)
    {
        if (arena is not null)
        {
            var start = arena.Add(bytes, out var shared);
            return (shared, start);
        }

        var copy = GC.AllocateUninitializedArray<byte>(bytes.Length);
        bytes.CopyTo(copy);
        return (new ByteBlock(copy), 0);
    }

    private static ReadOnlySpan<ByteSlice> Slices(ReadOnlySpan<T> values) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, ByteSlice>(ref MemoryMarshal.GetReference(values)), values.Length);
}

/// <inheritdoc cref="SliceColumn{T}"/>
internal sealed class ByteSliceCodec : SliceColumn<ByteSlice>
{
    internal override string Shape => "bytes";
}

/// <inheritdoc cref="SliceColumn{T}"/>
internal sealed class Utf8TextCodec : SliceColumn<Utf8Text>
{
    internal override string Shape => "utf8";
}
