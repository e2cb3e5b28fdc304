using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Dpark.Codecs;

/// <summary>Reads frames in a row.</summary>
internal sealed class Lz4FrameReader(Stream source)
{
    // What was decompressed before a block stays in front of it, because a linked block refers to it.
    private byte[] _window = [];
    private byte[] _stored = [];
    private int _position;
    private int _end;
    private int _flags;
    private int _blockBytes;
    private bool _isInFrame;
    private bool _isEnded;
    private ulong _contentBytes;
    private ulong _announcedBytes;
    private XxHash32 _content;

    public int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (_position == _end)
        {
            if (_isEnded || !(_isInFrame ? ReadBlock() : ReadHeader()))
            {
                return 0;
            }
        }

        var count = Math.Min(buffer.Length, _end - _position);
        _window.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    /// <returns><see langword="false"/> at the end of the source.</returns>
    private bool ReadHeader()
    {
        Span<byte> magicBytes = stackalloc byte[sizeof(uint)];
        var count = source.ReadAtLeast(magicBytes, magicBytes.Length, throwOnEndOfStream: false);
        if (count == 0)
        {
            _isEnded = true;
            return false;
        }

        var magic = BinaryPrimitives.ReadUInt32LittleEndian(magicBytes);
        if (count == magicBytes.Length && (magic & Lz4Frame.SkippableMask) == Lz4Frame.SkippableMagic)
        {
            Skip(ReadUInt32());
            return true;
        }

        if (count < magicBytes.Length || magic != Lz4Frame.Magic)
        {
            ThrowDamaged("it does not start like one");
        }

        ReadDescriptor();
        _isInFrame = true;
        _contentBytes = 0;
        _content = new XxHash32();
        _position = _end = 0;
        return true;
    }

    private void ReadDescriptor()
    {
        Span<byte> descriptor = stackalloc byte[10];
        ReadExactly(descriptor[..2]);
        _flags = descriptor[0];
        var sizeCode = descriptor[1] >> 4;
        if ((_flags & Lz4Frame.VersionMask) != Lz4Frame.Version || (_flags & 0x02) != 0 || (descriptor[1] & 0x8F) != 0 || sizeCode < 4)
        {
            ThrowDamaged("its header is not of version 1");
        }

        if ((_flags & Lz4Frame.DictionaryFlag) != 0)
        {
            throw new NotSupportedException("An LZ4 frame needs a dictionary. Decompress it with the program that made it.");
        }

        var length = 2;
        if ((_flags & Lz4Frame.ContentSizeFlag) != 0)
        {
            ReadExactly(descriptor[2..10]);
            _announcedBytes = BinaryPrimitives.ReadUInt64LittleEndian(descriptor[2..]);
            length = 10;
        }

        Span<byte> check = stackalloc byte[1];
        ReadExactly(check);
        if (check[0] != Lz4Frame.DescriptorCheck(descriptor[..length]))
        {
            ThrowDamaged("the checksum of its header is wrong");
        }

        _blockBytes = Lz4Frame.BlockBytes(sizeCode);
        if (_window.Length < Lz4Frame.HistoryBytes + _blockBytes)
        {
            _window = new byte[Lz4Frame.HistoryBytes + _blockBytes];
            _stored = new byte[_blockBytes];
        }
    }

    private bool ReadBlock()
    {
        var size = ReadUInt32();
        if (size == 0)
        {
            EndFrame();
            return true;
        }

        var isStored = (size & Lz4Frame.StoredFlag) != 0;
        var length = size & ~Lz4Frame.StoredFlag;
        if (length > _blockBytes)
        {
            ThrowDamaged($"a block of {length} bytes is announced where {_blockBytes} is the limit");
        }

        var stored = _stored.AsSpan(0, (int)length);
        ReadExactly(stored);
        if ((_flags & Lz4Frame.BlockChecksumFlag) != 0 && ReadUInt32() != XxHash32.Of(stored))
        {
            ThrowDamaged("the checksum of a block is wrong");
        }

        Decode(stored, isStored);
        return true;
    }

    private void Decode(ReadOnlySpan<byte> stored, bool isStored)
    {
        var isLinked = (_flags & Lz4Frame.IndependentFlag) == 0;
        var history = isLinked ? Math.Min(_end, Lz4Frame.HistoryBytes) : 0;
        _window.AsSpan(_end - history, history).CopyTo(_window);
        var target = _window.AsSpan(history, _blockBytes);
        var length = stored.Length;
        if (isStored)
        {
            stored.CopyTo(target);
        }
        else
        {
            length = Lz4Native.Decode(stored, target, _window.AsSpan(0, history));
            if (length < 0)
            {
                ThrowDamaged("a block cannot be decompressed");
            }
        }

        _position = history;
        _end = history + length;
        _contentBytes += (ulong)length;
        if ((_flags & Lz4Frame.ContentChecksumFlag) != 0)
        {
            _content.Append(target[..length]);
        }
    }

    private void EndFrame()
    {
        _isInFrame = false;
        if ((_flags & Lz4Frame.ContentChecksumFlag) != 0 && ReadUInt32() != _content.Current)
        {
            ThrowDamaged("the checksum of its content is wrong");
        }

        if ((_flags & Lz4Frame.ContentSizeFlag) != 0 && _contentBytes != _announcedBytes)
        {
            ThrowDamaged($"it holds {_contentBytes} bytes and announces {_announcedBytes}");
        }
    }

    private void Skip(uint count)
    {
        Span<byte> skipped = stackalloc byte[1024];
        for (long left = count; left > 0;)
        {
            var part = skipped[..(int)Math.Min(left, skipped.Length)];
            ReadExactly(part);
            left -= part.Length;
        }
    }

    private uint ReadUInt32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        ReadExactly(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private void ReadExactly(Span<byte> bytes)
    {
        if (source.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            ThrowDamaged("it ends too early");
        }
    }

    [DoesNotReturn]
    private static void ThrowDamaged(string why) => throw new InvalidDataException($"An LZ4 frame cannot be read: {why}. The data is damaged or is not LZ4.");
}
