using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Dpark.Codecs;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Rdds.Sources;

/// <summary>
/// The content of a gzip file, member after member. What <see cref="GZipStream"/> passes over is an error here: a file that ends within a member, and bytes behind a member that are
/// neither another one nor zeros up to the end of the file. Used by one thread.
/// </summary>
/// <remarks>
/// The decompressor does not say where a member ends, but the checksum and the length that stand there are known when its content is: they are looked for in what it was given last.
/// </remarks>
/// <param name="offset">Where a member begins.</param>
internal sealed class GzipMembers(string path, long offset) : IDisposable
{
    private const int HeaderBytes = 10;
    private const int TrailerBytes = 8;
    private const int MostHeaderBytes = 1 << 20;
    private const int PaddingChunkBytes = 64 << 10;
    private const int SkippedAtOnce = 64 << 10;

    private readonly FedBytes _file = new(path, offset);
    private DeflateStream? _member;
    private long _memberOffset;
    private long _contentOffset;
    private uint _crc;
    private uint _length;
    private bool _isAtEnd;

    /// <summary>Where the file is read on.</summary>
    public long Position => _file.Position;

    /// <summary>Fills the buffer as far as there is content.</summary>
    /// <returns>How many bytes; less than the buffer has, only at the end.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, not complete, or no gzip file.</exception>
    public int Read(Span<byte> buffer)
    {
        var total = 0;
        while (total < buffer.Length && (_member is not null || TryOpenMember()))
        {
            var read = ReadMember(buffer[total..]);
            if (read == 0)
            {
                EndMember();
                continue;
            }

            total += read;
        }

        return total;
    }

    /// <summary>Decompresses the next member for its checks alone. Only where a member begins.</summary>
    /// <returns>The bytes of its content; <see langword="null"/> at the end of the file.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, not complete, or no gzip file.</exception>
    public long? TrySkipMember(CancellationToken cancellationToken)
    {
        if (!TryOpenMember())
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(SkippedAtOnce);
        try
        {
            var total = 0L;
            while (ReadMember(buffer) is var read and > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                total += read;
            }

            EndMember();
            return total;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose()
    {
        _member?.Dispose();
        _file.Dispose();
    }

    /// <summary>Reads on in a member, for its checks, too.</summary>
    private int ReadMember(Span<byte> buffer)
    {
        try
        {
            var read = _member!.Read(buffer);
            _crc = Crc32.Append(_crc, buffer[..read]);
            _length += (uint)read;
            return read;
        }
        catch (InvalidDataException e)
        {
            throw Damaged(_memberOffset, $"its member there cannot be decompressed: {e.Message}");
        }
    }

    /// <summary>Goes to the content of the next member.</summary>
    private bool TryOpenMember()
    {
        if (_isAtEnd)
        {
            return false;
        }

        var offset = _file.Position;
        Span<byte> start = stackalloc byte[HeaderBytes];
        var count = _file.ReadAt(offset, start);
        if (count == 0 || (offset > 0 && start[0] == 0))
        {
            CheckPadding(offset);
            _isAtEnd = true;
            return false;
        }

        _file.Position = _contentOffset = offset + HeaderLength(offset, start[..count]);
        (_memberOffset, _crc, _length) = (offset, 0, 0);
        _member = new DeflateStream(_file, CompressionMode.Decompress, leaveOpen: true);
        return true;
    }

    /// <summary>Checks what stands behind the content of a member, and goes there.</summary>
    private void EndMember()
    {
        _member!.Dispose();
        _member = null;
        Span<byte> trailer = stackalloc byte[TrailerBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, _crc);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], _length);

        // The decompressor asks for more only when it has used up what it had, so the content ends in the last bytes that it was given, or just behind those before them.
        var from = Math.Max(_file.LastFed - TrailerBytes, _contentOffset);
        var wanted = (int)(_file.Position + TrailerBytes - from);
        var window = ArrayPool<byte>.Shared.Rent(wanted);
        try
        {
            var count = _file.ReadAt(from, window.AsSpan(0, wanted));
            var found = window.AsSpan(0, count).IndexOf(trailer);
            if (found < 0)
            {
                throw Damaged(_memberOffset, $"its member there ends too early, or has another checksum or length than stands at its end ({_length} bytes modulo 2^32 came out)");
            }

            // Of an empty member it is all zeros, and so may be the last bytes before it, or padding behind it.
            var end = found + TrailerBytes;
            while ((_crc | _length) == 0 && end < count && window[end] == 0)
            {
                end++;
            }

            _file.Position = from + end;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    private long HeaderLength(long offset, ReadOnlySpan<byte> start)
    {
        const int text = 1, checksum = 2, extra = 4, name = 8, comment = 16;
        if (start.Length < HeaderBytes || start[0] != 0x1F || start[1] != 0x8B || start[2] != 8 || (start[3] & ~(text | checksum | extra | name | comment)) != 0)
        {
            throw Damaged(offset, $"what stands there is no gzip member{(offset > 0 ? ", nor zeros up to the end" : "")}");
        }

        var end = offset + HeaderBytes;
        Span<byte> number = stackalloc byte[2];
        if ((start[3] & extra) != 0)
        {
            ReadExactly(end, number);
            end += 2 + BinaryPrimitives.ReadUInt16LittleEndian(number);
        }

        end = (start[3] & name) != 0 ? AfterText(offset, end) : end;
        end = (start[3] & comment) != 0 ? AfterText(offset, end) : end;
        return end + ((start[3] & checksum) != 0 ? 2 : 0) - offset;
    }

    private long AfterText(long offset, long begin)
    {
        Span<byte> chunk = stackalloc byte[256];
        for (var at = begin; at - begin < MostHeaderBytes; at += chunk.Length)
        {
            var count = _file.ReadAt(at, chunk);
            var end = chunk[..count].IndexOf((byte)0);
            if (end >= 0)
            {
                return at + end + 1;
            }

            if (count < chunk.Length)
            {
                break;
            }
        }

        throw Damaged(offset, "the header of its member there has no end");
    }

    private void ReadExactly(long offset, Span<byte> target)
    {
        if (_file.ReadAt(offset, target) < target.Length)
        {
            throw Damaged(offset, "it ends within the header of a member");
        }
    }

    private void CheckPadding(long offset)
    {
        var chunk = new byte[PaddingChunkBytes];
        for (var count = _file.ReadAt(offset, chunk); count > 0; count = _file.ReadAt(offset, chunk))
        {
            var other = chunk.AsSpan(0, count).IndexOfAnyExcept((byte)0);
            if (other >= 0)
            {
                throw Damaged(offset + other, "what stands there follows zeros, and only zeros may follow the last member");
            }

            offset += count;
            _file.Position = offset;
        }
    }

    private InvalidDataException Damaged(long offset, string what) =>
        new($"{path} could not be decompressed at byte {offset}: {what}. It is damaged, not complete, or not a gzip file.");

    /// <summary>The file, as the decompressor reads it.</summary>
    private sealed class FedBytes(string path, long position) : Stream
    {
        private readonly SafeFileHandle _file = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);

        /// <summary>Where the bytes begin that were given last.</summary>
        public long LastFed { get; private set; } = position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get; set; } = position;

        public int ReadAt(long offset, Span<byte> target)
        {
            var total = 0;
            while (total < target.Length && RandomAccess.Read(_file, target[total..], offset + total) is var read and > 0)
            {
                total += read;
            }

            return total;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = RandomAccess.Read(_file, buffer, Position);
            LastFed = read > 0 ? Position : LastFed;
            Position += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _file.Dispose();
            base.Dispose(disposing);
        }
    }
}
