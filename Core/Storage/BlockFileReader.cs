using System.Diagnostics.CodeAnalysis;
using Dpark.Codecs;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Storage;

/// <summary>Reads a block from its file, and gives out no byte of a piece before its checksum was compared. Used by one thread.</summary>
/// <param name="block">For the error.</param>
/// <param name="handle">Owned.</param>
/// <param name="onDamage">Called before the first exception about damage.</param>
internal sealed class BlockFileReader(BlockId block, BlockFile file, SafeFileHandle handle, Action onDamage) : SeekableReadOnlyStream(file.Length)
{
    private byte[] _piece = [];
    private long _pieceIndex = -1;

    public override int Read(Span<byte> buffer)
    {
        var position = Position;
        if (buffer.IsEmpty || position == file.Length)
        {
            return 0;
        }

        var index = position / BlockFile.PieceBytes;
        var start = index * BlockFile.PieceBytes;
        var length = (int)Math.Min(BlockFile.PieceBytes, file.Length - start);
        if (index != _pieceIndex)
        {
            Load(index, start, length);
        }

        var offset = (int)(position - start);
        var count = Math.Min(buffer.Length, length - offset);
        _piece.AsSpan(offset, count).CopyTo(buffer);
        Advance(count);
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        handle.Dispose();
        base.Dispose(disposing);
    }

    private void Load(long index, long start, int length)
    {
        if (_piece.Length == 0)
        {
            _piece = GC.AllocateUninitializedArray<byte>((int)Math.Min(BlockFile.PieceBytes, file.Length));
        }

        _pieceIndex = -1;
        var read = 0;
        while (read < length && RandomAccess.Read(handle, _piece.AsSpan(read, length - read), start + read) is var count and > 0)
        {
            read += count;
        }

        if (read < length)
        {
            ThrowDamaged($"its file ends at {start + read}");
        }

        if (Crc32C.Of(_piece.AsSpan(0, length)) != file.Checksums[index])
        {
            ThrowDamaged($"the {length} bytes at {start} have another checksum than when they were written");
        }

        _pieceIndex = index;
    }

    [DoesNotReturn]
    private void ThrowDamaged(string what)
    {
        onDamage();
        throw new IOException(
            $"Block {block} of {file.Length} bytes in {file.Path} is damaged: {what}. It is dropped, and fetched or computed again; look at the disk if this repeats.");
    }
}
