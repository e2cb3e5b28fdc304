using System.Buffers.Binary;

namespace Dpark.Codecs;

/// <summary>Reads what the <c>lz4</c> program writes, and writes what it reads: the LZ4 frame format 1.6. Not thread-safe.</summary>
/// <remarks>
/// Writes independent blocks of 256 KiB and a checksum of the content. Reads any block size, linked blocks, block and content checksums, content sizes, skippable
/// frames and frames in a row; frames that need a dictionary are refused.
/// </remarks>
public sealed class Lz4FrameStream : Stream
{
    private readonly Lz4FrameReader? _reader;
    private readonly Lz4FrameWriter? _writer;
    private readonly Stream _inner;
    private readonly bool _leaveOpen;

    private Lz4FrameStream(Stream inner, bool leaveOpen, bool write)
    {
        _inner = inner;
        _leaveOpen = leaveOpen;
        _ = BlockCodecs.Lz4;
        _reader = write ? null : new Lz4FrameReader(inner);
        _writer = write ? new Lz4FrameWriter(inner) : null;
    }

    /// <inheritdoc/>
    public override bool CanRead => _reader is not null;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => _writer is not null;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Decompresses while it is read. Reading throws <see cref="InvalidDataException"/> if the frames are damaged or end too early.</summary>
    /// <exception cref="NotSupportedException">This machine has no LZ4.</exception>
    public static Lz4FrameStream Decompress(Stream compressed, bool leaveOpen = false) => new(compressed, leaveOpen, write: false);

    /// <summary>Compresses what is written. The frame is complete when the stream is disposed.</summary>
    /// <exception cref="NotSupportedException">This machine has no LZ4.</exception>
    public static Lz4FrameStream Compress(Stream target, bool leaveOpen = false) => new(target, leaveOpen, write: true);

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer) => _reader is null ? throw new NotSupportedException() : _reader.Read(buffer);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_writer is null)
        {
            throw new NotSupportedException();
        }

        _writer.Write(buffer);
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() => _inner.Flush();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                _writer?.End();
            }
            finally
            {
                if (!_leaveOpen)
                {
                    _inner.Dispose();
                }
            }
        }

        base.Dispose(disposing);
    }
}

/// <summary>Numbers of the LZ4 frame format.</summary>
internal static class Lz4Frame
{
    public const uint Magic = 0x184D2204;
    public const uint SkippableMagic = 0x184D2A50;
    public const uint SkippableMask = 0xFFFFFFF0;
    public const uint StoredFlag = 0x80000000;
    public const int HistoryBytes = 64 << 10;

    public const int VersionMask = 0xC0;
    public const int Version = 0x40;
    public const int IndependentFlag = 0x20;
    public const int BlockChecksumFlag = 0x10;
    public const int ContentSizeFlag = 0x08;
    public const int ContentChecksumFlag = 0x04;
    public const int DictionaryFlag = 0x01;

    /// <summary>Largest block of size code 4, 5, 6 or 7.</summary>
    public static int BlockBytes(int code) => 1 << (8 + (2 * code));

    /// <summary>The checksum byte behind a descriptor.</summary>
    public static byte DescriptorCheck(ReadOnlySpan<byte> descriptor) => (byte)(XxHash32.Of(descriptor) >> 8);
}

/// <summary>Writes one frame.</summary>
internal sealed class Lz4FrameWriter(Stream target)
{
    private const int BlockSizeCode = 5;

    private readonly byte[] _block = new byte[Lz4Frame.BlockBytes(BlockSizeCode)];
    private readonly byte[] _stored = new byte[sizeof(uint) + Lz4Frame.BlockBytes(BlockSizeCode)];
    private XxHash32 _content = new();
    private int _count;
    private bool _isStarted;
    private bool _isEnded;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Start();
        _content.Append(bytes);
        while (!bytes.IsEmpty)
        {
            var count = Math.Min(bytes.Length, _block.Length - _count);
            bytes[..count].CopyTo(_block.AsSpan(_count));
            _count += count;
            bytes = bytes[count..];
            if (_count == _block.Length)
            {
                WriteBlock();
            }
        }
    }

    public void End()
    {
        if (_isEnded)
        {
            return;
        }

        _isEnded = true;
        Start();
        WriteBlock();
        Span<byte> end = stackalloc byte[2 * sizeof(uint)];
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end[sizeof(uint)..], _content.Current);
        target.Write(end);
    }

    private void Start()
    {
        if (_isStarted)
        {
            return;
        }

        _isStarted = true;
        Span<byte> header = stackalloc byte[7];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Lz4Frame.Magic);
        header[4] = Lz4Frame.Version | Lz4Frame.IndependentFlag | Lz4Frame.ContentChecksumFlag;
        header[5] = BlockSizeCode << 4;
        header[6] = Lz4Frame.DescriptorCheck(header[4..6]);
        target.Write(header);
    }

    private void WriteBlock()
    {
        if (_count == 0)
        {
            return;
        }

        // A block that does not get smaller is stored as it is.
        var room = _stored.AsSpan(sizeof(uint), _count - 1);
        var length = Lz4Native.Encode(_block.AsSpan(0, _count), room);
        if (length <= 0)
        {
            length = _count;
            _block.AsSpan(0, _count).CopyTo(_stored.AsSpan(sizeof(uint)));
            BinaryPrimitives.WriteUInt32LittleEndian(_stored, (uint)length | Lz4Frame.StoredFlag);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(_stored, length);
        }

        target.Write(_stored, 0, sizeof(uint) + length);
        _count = 0;
    }
}
