using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Dpark.Codecs;

/// <summary>A growing byte buffer that record codecs append to. Its memory is rented; whoever made it disposes it. Not thread-safe.</summary>
public sealed class RecordBuffer : IDisposable
{
    private const int SmallestCapacity = 256;

    private byte[] _bytes = [];
    private int _length;

    /// <summary>Bytes appended so far.</summary>
    public int Length => _length;

    /// <summary>The bytes appended so far. Valid until the next append.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, _length);

    /// <summary>The bytes appended so far. Valid until the next append.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _bytes.AsSpan(0, _length);

    /// <summary>Most bytes the buffer may hold. An append beyond it throws <see cref="RecordBufferFullException"/>, and the writer tries fewer records.</summary>
    internal int Limit { get; set; } = Array.MaxLength;

    /// <summary>How many recursive types are being encoded inside each other.</summary>
    internal int Depth { get; set; }

    /// <summary>Bytes rented, for accounting.</summary>
    internal int Capacity => _bytes.Length;

    /// <summary>Appends room for <paramref name="count"/> bytes, which the caller fills entirely.</summary>
    /// <returns>The new bytes, with undefined content. Valid until the next append.</returns>
    public Span<byte> Append(long count)
    {
        if (count > _bytes.Length - _length)
        {
            Grow(count);
        }

        var start = _length;
        _length += (int)count;
        return _bytes.AsSpan(start, (int)count);
    }

    /// <summary>Appends bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Append((long)bytes.Length));

    /// <summary>Appends one byte.</summary>
    public void AppendByte(byte value) => Append(1)[0] = value;

    /// <summary>Appends a number as 4 bytes, little-endian.</summary>
    public void AppendInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Append(4), value);

    /// <summary>Takes back what was appended last.</summary>
    /// <param name="length">From 0 to <see cref="Length"/>.</param>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)_length, nameof(length));
        _length = length;
    }

    /// <summary>Bytes that were appended before, to be filled in. Valid until the next append.</summary>
    internal Span<byte> Written(int offset, int count) => _bytes.AsSpan(0, _length).Slice(offset, count);

    /// <summary>Returns the memory. The buffer is empty afterwards and may be used again.</summary>
    public void Dispose()
    {
        var bytes = _bytes;
        _bytes = [];
        _length = 0;
        Depth = 0;
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void Grow(long count)
    {
        var needed = _length + count;
        if (needed > Limit)
        {
            ThrowFull(needed);
        }

        var capacity = Math.Min(Math.Max(Math.Max(needed, 2L * _bytes.Length), SmallestCapacity), Array.MaxLength);
        var larger = ArrayPool<byte>.Shared.Rent((int)capacity);
        _bytes.AsSpan(0, _length).CopyTo(larger);
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = larger;
    }

    [DoesNotReturn]
    private void ThrowFull(long needed) => throw new RecordBufferFullException(
        $"Encoding needs {needed} bytes in one piece; the limit is {Limit}. Split the record into smaller ones.");
}

/// <summary>A <see cref="RecordBuffer"/> reached its limit. The batch writer catches it and encodes fewer records at a time; a single record that is too large ends the task.</summary>
internal sealed class RecordBufferFullException(string message) : InvalidOperationException(message);
