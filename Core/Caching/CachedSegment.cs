using System.Buffers.Binary;
using Dpark.Codecs;

namespace Dpark.Caching;

/// <summary>Asks a worker for the elements of a cached partition from one on.</summary>
/// <param name="Content">What was read so far; empty if nothing was. Another content is not there then.</param>
/// <param name="FirstRecord">Elements that the reader has already. At least 0.</param>
internal readonly record struct CachedSegmentRequest(PartitionKey Key, Guid Content, long FirstRecord);

/// <summary>
/// A part of a cached partition as it travels from one worker to another: a header and a record block. Counted in elements, so that a reader can go on wherever the
/// partition is by then: in memory, on disk, or on the worker that has a copy. <c>docs/formats/cached-partition.md</c> states it.
/// </summary>
/// <param name="Content">Names what was computed once; copies of it have the same. Whoever computes a partition again names it anew: its elements may come in another order.</param>
/// <param name="FirstRecord">Elements before the segment: at most those that the reader has.</param>
/// <param name="RecordCount">Elements of the segment; 0 at the end of the partition.</param>
/// <param name="TotalCount">Elements of the partition.</param>
/// <param name="Block">A record block; empty if there are no elements.</param>
internal sealed record CachedSegment(Guid Content, long FirstRecord, long RecordCount, long TotalCount, ReadOnlyMemory<byte> Block)
{
    /// <summary>Bytes before the record block.</summary>
    public const int HeaderLength = 44;

    private const int ChecksumOffset = 40;

    /// <summary>Header and block.</summary>
    public byte[] Encode()
    {
        var bytes = GC.AllocateUninitializedArray<byte>(HeaderLength + Block.Length);
        Content.TryWriteBytes(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), FirstRecord);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), RecordCount);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), TotalCount);
        Block.Span.CopyTo(bytes.AsSpan(HeaderLength));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ChecksumOffset), Checksum(bytes));
        return bytes;
    }

    /// <summary>Reads what <see cref="Encode"/> gives.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static CachedSegment Decode(ReadOnlyMemory<byte> bytes)
    {
        var header = bytes.Span;
        if (header.Length < HeaderLength || BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumOffset..]) != Checksum(header))
        {
            throw new InvalidDataException($"A segment of a cached partition of {bytes.Length} bytes was damaged on its way, or on its worker.");
        }

        return new(
            new Guid(header[..16]),
            BinaryPrimitives.ReadInt64LittleEndian(header[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[32..]),
            bytes[HeaderLength..]);
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes) => Crc32C.Append(Crc32C.Of(bytes[..ChecksumOffset]), bytes[HeaderLength..]);
}
