using System.Buffers.Binary;
using Dpark.Codecs;
using Dpark.Storage;

namespace Dpark.Caching;

/// <summary>
/// A partition as it is stored: segments, each its length and CRC32C (4 bytes each, little-endian) and a record block, then a header of zeros. Made while it is
/// read, so that a partition of any size takes the memory of one segment. <c>docs/formats/cached-partition.md</c> states it. Used by one thread.
/// </summary>
/// <param name="next">The next segment; <see langword="null"/> at the end.</param>
internal sealed class SegmentStream(Func<EncodedSegment?> next) : ReadOnlyStream
{
    /// <summary>Length and checksum.</summary>
    public const int HeaderLength = 8;

    private readonly byte[] _header = new byte[HeaderLength];
    private readonly List<SegmentPlace> _places = [];
    private ReadOnlyMemory<byte> _piece;
    private ReadOnlyMemory<byte> _segment;
    private long _offset;
    private bool _ended;

    /// <summary>The segments that were read.</summary>
    public SegmentPlace[] Places => [.. _places];

    /// <summary>Elements of the segments that were read.</summary>
    public long RecordCount { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        if (_piece.IsEmpty && !MoveNext())
        {
            return 0;
        }

        var count = Math.Min(buffer.Length, _piece.Length);
        _piece.Span[..count].CopyTo(buffer);
        _piece = _piece[count..];
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    private bool MoveNext()
    {
        if (!_segment.IsEmpty)
        {
            _piece = _segment;
            _segment = default;
            return true;
        }

        if (_ended)
        {
            return false;
        }

        var segment = next();
        _ended = segment is null;
        _segment = segment?.Bytes ?? default;
        BinaryPrimitives.WriteInt32LittleEndian(_header, _segment.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(4), segment is null ? 0 : Crc32C.Of(_segment.Span));
        if (segment is not null)
        {
            _places.Add(new(RecordCount, segment.RecordCount, _offset, _segment.Length));
            _offset += HeaderLength + _segment.Length;
            RecordCount += segment.RecordCount;
        }

        _piece = _header;
        return true;
    }
}
