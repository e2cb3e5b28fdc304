using System.Buffers.Binary;
using Dpark.Codecs;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>The layout of a shuffle file around its frames, and its index when it is read back. <c>docs/formats/shuffle-file.md</c> states every byte.</summary>
internal static class ShuffleFile
{
    /// <summary>Mark and version, number of buckets, shape of the records, zero.</summary>
    public const int HeaderLength = 16;

    /// <summary>Number of records, checksum, mark and version.</summary>
    public const int TrailerLength = 16;

    /// <summary><c>DSF</c> and the version, 1.</summary>
    private const int Mark = 0x01_46_53_44;

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

    /// <summary>Reads the index of a file.</summary>
    /// <returns>Where each bucket starts, and where the last one ends.</returns>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static long[] ReadIndex(SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        var header = new byte[HeaderLength];
        if (length < HeaderLength + sizeof(long) + TrailerLength || RandomAccess.Read(file, header, 0) < HeaderLength ||
            BinaryPrimitives.ReadInt32LittleEndian(header) != Mark)
        {
            throw Damaged(length, "its header");
        }

        var bucketCount = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
        var indexLength = ((bucketCount + 1L) * sizeof(long)) + TrailerLength;
        if (bucketCount < 0 || indexLength > length - HeaderLength)
        {
            throw Damaged(length, $"its number of buckets, {bucketCount},");
        }

        var index = new byte[indexLength];
        if (RandomAccess.Read(file, index, length - indexLength) < indexLength ||
            BinaryPrimitives.ReadInt32LittleEndian(index.AsSpan(index.Length - 4)) != Mark ||
            BinaryPrimitives.ReadUInt32LittleEndian(index.AsSpan(index.Length - 8)) != Checksum(header, index))
        {
            throw Damaged(length, "its index");
        }

        var offsets = new long[bucketCount + 1];
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = BinaryPrimitives.ReadInt64LittleEndian(index.AsSpan(i * sizeof(long)));
        }

        return offsets;
    }

    // Everything but the checksum itself and the mark behind it.
    private static uint Checksum(ReadOnlySpan<byte> header, ReadOnlySpan<byte> index) => Crc32C.Append(Crc32C.Of(header), index[..^8]);

    private static InvalidDataException Damaged(long length, string what) => new($"A shuffle file of {length} bytes cannot be read: {what} is damaged.");
}

/// <summary>Part of an open file. The file is closed with it, if it is its own.</summary>
/// <param name="ownsFile">Whether to close the file.</param>
internal sealed class FileBucketSource(SafeFileHandle file, long offset, long length, bool ownsFile) : BucketSource
{
    private long _position;

    public override long Length => length;

    public override int Read(Memory<byte> buffer)
    {
        var read = RandomAccess.Read(file, buffer.Span[..(int)Math.Min(buffer.Length, length - _position)], offset + _position);
        _position += read;
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
