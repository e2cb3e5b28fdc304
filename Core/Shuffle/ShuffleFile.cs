using System.Buffers.Binary;
using Dpark.Codecs;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>The layout of a shuffle file around its frames, and its index. <c>docs/formats/shuffle-file.md</c> states every byte.</summary>
internal static class ShuffleFile
{
    /// <summary>Mark and version, number of buckets, shape of the records, zero.</summary>
    public const int HeaderLength = 16;

    /// <summary>Number of records, checksum, mark and version.</summary>
    public const int TrailerLength = 16;

    /// <summary><c>DSF</c> and the version, 2.</summary>
    private const int Mark = 0x02_46_53_44;

    /// <summary>Fills in the header.</summary>
    public static void WriteHeader(Span<byte> header, int bucketCount, int shape)
    {
        header.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(header, Mark);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], bucketCount);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], shape);
    }

    /// <summary>Fills in the trailer.</summary>
    /// <param name="index">The offsets, already there, and the trailer.</param>
    public static void WriteTrailer(ReadOnlySpan<byte> header, Span<byte> index, long recordCount)
    {
        var trailer = index[^TrailerLength..];
        BinaryPrimitives.WriteInt64LittleEndian(trailer, recordCount);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[8..], Checksum(header, index));
        BinaryPrimitives.WriteInt32LittleEndian(trailer[12..], Mark);
    }

    // Everything but the checksum itself and the mark behind it.
    private static uint Checksum(ReadOnlySpan<byte> header, ReadOnlySpan<byte> index) => Crc32C.Append(Crc32C.Of(header), index[..^8]);
}

/// <summary>Parts of an open file, one after the other. The file is closed with it, if it is its own.</summary>
/// <param name="parts">None is empty.</param>
/// <param name="ownsFile">Whether to close the file.</param>
internal sealed class FileBucketSource(SafeFileHandle file, ReadOnlyMemory<FilePart> parts, bool ownsFile) : BucketSource
{
    private int _part;

    // In the current part.
    private long _position;

    public override long Length { get; } = FilePart.LengthOf(parts.Span);

    public override int Read(Memory<byte> buffer)
    {
        if (_part == parts.Length)
        {
            return 0;
        }

        var part = parts.Span[_part];
        var read = RandomAccess.Read(file, buffer.Span[..(int)Math.Min(buffer.Length, part.Length - _position)], part.Offset + _position);
        _position += read;
        if (_position == part.Length)
        {
            _part++;
            _position = 0;
        }

        return read;
    }

    public override void Dispose()
    {
        if (ownsFile)
        {
            file.Dispose();
        }
    }
}

/// <summary>A bucket in memory.</summary>
internal sealed class MemoryBucketSource(MapOutputSlice slice) : BucketSource
{
    private int _position;

    public override long Length => slice.Length;

    public override ReadOnlyMemory<byte> Bytes => slice.Bytes;

    public override int Read(Memory<byte> buffer)
    {
        var read = (int)Math.Min(buffer.Length, slice.Length - _position);
        slice.Bytes.Slice(_position, read).CopyTo(buffer);
        _position += read;
        return read;
    }

    public override void Dispose() => slice.Dispose();
}
