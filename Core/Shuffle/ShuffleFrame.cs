using System.Buffers.Binary;
using Dpark.Codecs;
using Dpark.Configuration;

namespace Dpark.Shuffle;

/// <summary>
/// Frames and files of shuffles as bytes; <c>docs/formats/shuffle-file.md</c> states every one. A frame is what is checked and compressed at once: a header of
/// kind, stored bytes, raw bytes and checksum, then batches of records, compressed or not.
/// </summary>
internal static class ShuffleFrame
{
    /// <summary>Bytes in front of the payload.</summary>
    public const int HeaderLength = 16;

    /// <summary>The payload is stored as it is.</summary>
    public const int RawKind = 0;

    /// <summary>The payload is one LZ4 block.</summary>
    public const int Lz4Kind = 1;

    /// <summary>The payload is a <see cref="DenseFrame{TKey, TValue}"/>, as it is.</summary>
    public const int DenseKind = 2;

    /// <summary>The payload is a <see cref="DenseFrame{TKey, TValue}"/> as one LZ4 block.</summary>
    public const int DenseLz4Kind = 3;

    private const int CheckedHeaderLength = 12;

    // An LZ4 block can expand by at most this factor, so a damaged length cannot make a reader allocate without bound.
    private const int MaxLz4Expansion = 255;
    private const int Lz4Slack = 64;

    /// <summary>Fills in the header of a frame.</summary>
    /// <param name="frame">Header and stored payload.</param>
    /// <param name="rawLength">Bytes of the payload before compression.</param>
    public static void WriteHeader(Span<byte> frame, int kind, int rawLength)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, kind);
        BinaryPrimitives.WriteInt32LittleEndian(frame[4..], frame.Length - HeaderLength);
        BinaryPrimitives.WriteInt32LittleEndian(frame[8..], rawLength);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[12..], Checksum(frame));
    }

    /// <summary>Ends a frame: compresses its payload if that makes it smaller, and fills in its header.</summary>
    /// <param name="frame">Room for a header, and the payload.</param>
    /// <param name="rawKind"><see cref="RawKind"/> or <see cref="DenseKind"/>.</param>
    /// <param name="compressed">Room for a compressed frame.</param>
    /// <returns>The whole frame, in one of both.</returns>
    public static ReadOnlySpan<byte> Seal(Span<byte> frame, int rawKind, ShuffleCompression compression, RecordBuffer compressed)
    {
        if (compression == ShuffleCompression.Lz4 && TryCompress(frame[HeaderLength..], rawKind == RawKind ? Lz4Kind : DenseLz4Kind, compressed, out var smaller))
        {
            return smaller;
        }

        WriteHeader(frame, rawKind, frame.Length - HeaderLength);
        return frame;
    }

    /// <summary>Reads the lengths of a header.</summary>
    /// <param name="available">Bytes from the start of the header to the end of the bucket.</param>
    /// <exception cref="InvalidDataException">They cannot be right.</exception>
    public static (int Kind, int StoredLength, int RawLength) ReadHeader(ReadOnlySpan<byte> header, long available)
    {
        var kind = BinaryPrimitives.ReadInt32LittleEndian(header);
        var stored = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        var raw = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        var isPossible = kind switch
        {
            RawKind or DenseKind => raw == stored,
            Lz4Kind or DenseLz4Kind => raw >= 0 && raw <= ((long)stored * MaxLz4Expansion) + Lz4Slack,
            _ => false,
        };
        if (!isPossible || stored < 0 || stored > available - HeaderLength)
        {
            throw new InvalidDataException($"A frame of kind {kind} announces {stored} stored and {raw} raw bytes where {available} are left. It is damaged.");
        }

        return (kind, stored, raw);
    }

    /// <summary>Checks the checksum of a frame.</summary>
    /// <param name="frame">Header and stored payload.</param>
    /// <exception cref="InvalidDataException">It is wrong.</exception>
    public static void Check(ReadOnlySpan<byte> frame)
    {
        var expected = BinaryPrimitives.ReadUInt32LittleEndian(frame[12..]);
        var actual = Checksum(frame);
        if (expected != actual)
        {
            throw new InvalidDataException($"A frame of {frame.Length} bytes has checksum 0x{actual:X8} instead of 0x{expected:X8}. It is damaged.");
        }
    }

    private static bool TryCompress(ReadOnlySpan<byte> payload, int kind, RecordBuffer compressed, out ReadOnlySpan<byte> frame)
    {
        // Room for one byte less than the payload, so that a frame that does not get smaller is stored as it is.
        compressed.Truncate(0);
        var target = compressed.Append(HeaderLength + Math.Max(payload.Length - 1L, 0));
        var length = BlockCodecs.Lz4.Encode(payload, target[HeaderLength..]);
        target = target[..(HeaderLength + length)];
        frame = target;
        if (length == 0)
        {
            return false;
        }

        WriteHeader(target, kind, payload.Length);
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> frame) => Crc32C.Append(Crc32C.Of(frame[..CheckedHeaderLength]), frame[HeaderLength..]);
}
