using System.Buffers.Binary;
using Dpark.Codecs;
using Dpark.Storage;

namespace Dpark.Caching;

/// <summary>
/// A partition as it is stored: segments, each its length and CRC32C (4 bytes each, little-endian) and a record block, then a header of zeros. Made while it is
/// read, so that a partition of any size takes the memory of one segment. <c>docs/formats/cached-partition.md</c> states it. Used by one thread.
/// </summary>
/// <param name="next">The next record block; <see langword="null"/> at the end.</param>
internal sealed class SegmentStream(Func<byte[]?> next) : ReadOnlyStream
{
    /// <summary>Length and checksum.</summary>
    public const int HeaderLength = 8;

    private readonly byte[] _header = new byte[HeaderLength];
    private ReadOnlyMemory<byte> _piece;
    private byte[]? _segment;
    private bool _ended;

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
        if (_segment is not null)
        {
            _piece = _segment;
            _segment = null;
            return true;
        }

        if (_ended)
        {
            return false;
        }

        _segment = next();
        _ended = _segment is null;
        BinaryPrimitives.WriteInt32LittleEndian(_header, _segment?.Length ?? 0);
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(4), _segment is null ? 0 : Crc32C.Of(_segment));
        _piece = _header;
        return true;
    }
}
