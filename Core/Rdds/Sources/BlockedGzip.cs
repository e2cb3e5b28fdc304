using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Rdds.Sources;

/// <summary>
/// Where the members of a blocked gzip file are, as <c>bgzip</c> writes them: each says in its header how long it is, so that a file can be cut between members
/// without decompressing it. Reads a few bytes per member of at most 64 KiB.
/// </summary>
internal static class BlockedGzip
{
    private const int HeaderBytes = 18;
    private const int LengthBytes = 4;

    /// <summary>Cuts a file into pieces of about so many stored bytes.</summary>
    /// <returns>Pieces whose positions are those of the content; <see langword="null"/> if the file is not blocked, or damaged.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static List<TextPiece>? TryCut(InputFile file, long limit)
    {
        using var handle = File.OpenHandle(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
        var pieces = new List<TextPiece>();
        Span<byte> buffer = stackalloc byte[LengthBytes + HeaderBytes];
        var header = buffer[LengthBytes..];
        var start = new TextPiece(file.Path, 0, 0, IsCompressed: true);
        long stored = 0, content = 0;

        // The last member with content: a piece that follows it begins to read there, for the byte before its own.
        var (before, beforeContent) = (0L, 0L);
        if (!TryRead(handle, header, 0) || MemberBytes(header) is not { } length)
        {
            return null;
        }

        while (true)
        {
            var end = stored + length;
            var isLast = end == file.Length;
            if (end > file.Length || !TryRead(handle, isLast ? buffer[..LengthBytes] : buffer, end - LengthBytes))
            {
                return null;
            }

            var contentBytes = BinaryPrimitives.ReadUInt32LittleEndian(buffer);
            if (contentBytes > 0)
            {
                (before, beforeContent) = (stored, content);
            }

            (stored, content) = (end, content + contentBytes);
            var isPiece = content > start.Begin || pieces.Count == 0;
            if (isPiece && (isLast || stored - start.StoredBegin >= limit))
            {
                pieces.Add(start with { End = content });
                start = new TextPiece(file.Path, content, content, IsCompressed: true) { StoredBegin = before, ContentBegin = beforeContent };
            }

            if (isLast)
            {
                return pieces;
            }

            if (MemberBytes(header) is not { } next)
            {
                return null;
            }

            length = next;
        }
    }

    private static bool TryRead(SafeFileHandle file, Span<byte> target, long offset)
    {
        while (!target.IsEmpty)
        {
            var read = RandomAccess.Read(file, target, offset);
            if (read == 0)
            {
                return false;
            }

            target = target[read..];
            offset += read;
        }

        return true;
    }

    /// <summary>The length of a member, from the field <c>BC</c> of its header.</summary>
    private static int? MemberBytes(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<byte> magic = [0x1F, 0x8B, 8, 4];
        ReadOnlySpan<byte> field = [6, 0, (byte)'B', (byte)'C', 2, 0];
        var length = BinaryPrimitives.ReadUInt16LittleEndian(header[16..]) + 1;
        return header.StartsWith(magic) && header[10..].StartsWith(field) && length > HeaderBytes + LengthBytes ? length : null;
    }
}
