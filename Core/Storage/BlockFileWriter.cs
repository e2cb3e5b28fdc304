using Dpark.Codecs;

namespace Dpark.Storage;

/// <summary>Writes a block to a new file, takes the checksums of its pieces and counts it for the quota. Used by one thread.</summary>
internal sealed class BlockFileWriter(string root, string path, DiskQuota quota) : Stream
{
    private readonly FileStream _file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    private readonly List<uint> _checksums = [];
    private uint _checksum;
    private int _pieceLength;
    private long _length;
    private bool _isComplete;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    /// <summary>Ends the file.</summary>
    public BlockFile Complete()
    {
        if (_pieceLength > 0)
        {
            EndPiece();
        }

        _file.Flush();
        _isComplete = true;
        return new(root, path, _length, [.. _checksums]);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        quota.Charge(root, buffer.Length);
        _length += buffer.Length;
        _file.Write(buffer);
        while (buffer.Length > 0)
        {
            var part = buffer[..Math.Min(buffer.Length, BlockFile.PieceBytes - _pieceLength)];
            _checksum = Crc32C.Append(_checksum, part);
            _pieceLength += part.Length;
            buffer = buffer[part.Length..];
            if (_pieceLength == BlockFile.PieceBytes)
            {
                EndPiece();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => _file.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Closes the file, and deletes it if it is not complete.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _file.CanWrite)
        {
            _file.Dispose();
            if (!_isComplete)
            {
                WorkFiles.DeleteFile(path);
                quota.Release(root, _length);
            }
        }

        base.Dispose(disposing);
    }

    private void EndPiece()
    {
        _checksums.Add(_checksum);
        (_checksum, _pieceLength) = (0, 0);
    }
}
