using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Dpark.Codecs;
using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>Reads encoded segments in memory.</summary>
internal sealed class SegmentReader<T>(IReadOnlyList<EncodedSegment> segments) : BatchReader<T>
{
    private BatchReader<T>? _current;
    private int _next;

    public override ReadOnlySpan<T> Next()
    {
        while (true)
        {
            if (_current is not null && _current.Next() is { IsEmpty: false } batch)
            {
                return batch;
            }

            if (_next == segments.Count)
            {
                return default;
            }

            _current = RecordBlock.Open<T>(segments[_next++].Bytes);
        }
    }
}

/// <summary>Reads single segments of stored partitions.</summary>
internal static class StoredSegmentReader
{
    /// <summary>Reads the segment that the stream is at.</summary>
    /// <param name="length">Bytes of its record block.</param>
    /// <exception cref="IOException">The stream ends early.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static byte[] ReadOne(Stream stream, int length)
    {
        Span<byte> header = stackalloc byte[SegmentStream.HeaderLength];
        stream.ReadExactly(header);
        var segment = GC.AllocateUninitializedArray<byte>(length);
        stream.ReadExactly(segment);
        if (BinaryPrimitives.ReadInt32LittleEndian(header) != length || Crc32C.Of(segment) != BinaryPrimitives.ReadUInt32LittleEndian(header[4..]))
        {
            ThrowDamaged($"a segment of {length} bytes has another length or checksum");
        }

        return segment;
    }

    [DoesNotReturn]
    public static void ThrowDamaged(string what) => throw new InvalidDataException($"A stored partition is damaged: {what}.");
}

/// <summary>Reads a stored partition, one segment in memory at a time, and checks each before anything of it is given out.</summary>
/// <param name="stream">Disposed with the reader.</param>
/// <param name="length">Bytes of the stream: bounds what is allocated.</param>
internal sealed class StoredSegmentReader<T>(Stream stream, long length) : BatchReader<T>
{
    private readonly byte[] _header = new byte[SegmentStream.HeaderLength];
    private long _left = length;
    private byte[] _segment = [];
    private BatchReader<T>? _current;
    private bool _ended;

    /// <summary>Loads the next segment, if there is one.</summary>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public void Load()
    {
        _current = null;
        _left -= _header.Length;
        stream.ReadExactly(_header);
        var bytes = BinaryPrimitives.ReadInt32LittleEndian(_header);
        if (bytes == 0 && BinaryPrimitives.ReadInt32LittleEndian(_header.AsSpan(4)) == 0 && _left == 0)
        {
            _ended = true;
            return;
        }

        if (bytes <= 0 || bytes > _left)
        {
            StoredSegmentReader.ThrowDamaged($"a segment of {bytes} bytes where {_left} are left");
        }

        _left -= bytes;
        if (_segment.Length < bytes)
        {
            _segment = GC.AllocateUninitializedArray<byte>(bytes);
        }

        var segment = _segment.AsMemory(0, bytes);
        stream.ReadExactly(segment.Span);
        if (Crc32C.Of(segment.Span) != BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(4)))
        {
            StoredSegmentReader.ThrowDamaged($"a segment of {bytes} bytes has another checksum");
        }

        _current = RecordBlock.Open<T>(segment);
    }

    public override ReadOnlySpan<T> Next()
    {
        while (!_ended)
        {
            if (_current is not null && _current.Next() is { IsEmpty: false } batch)
            {
                return batch;
            }

            Load();
        }

        return default;
    }

    protected override void Dispose(bool disposing)
    {
        stream.Dispose();
        base.Dispose(disposing);
    }
}
