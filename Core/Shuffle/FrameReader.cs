using System.Buffers;
using Dpark.Codecs;

namespace Dpark.Shuffle;

/// <summary>The bytes of one bucket or of a part of it, from a file or from another worker. Used by one thread.</summary>
internal abstract class BucketSource : IDisposable
{
    /// <summary>All bytes.</summary>
    public abstract long Length { get; }

    /// <summary>All of them, if they are in memory anyway: they need not be read. Else empty. Valid until the source is disposed.</summary>
    public virtual ReadOnlyMemory<byte> Bytes => default;

    /// <summary>Reads some of the next bytes.</summary>
    /// <returns>At least 1, unless the source ends too early.</returns>
    /// <exception cref="IOException">They cannot be read.</exception>
    public abstract int Read(Memory<byte> buffer);

    /// <summary>Closes what it reads from.</summary>
    public abstract void Dispose();
}

/// <summary>Reads the frames of one bucket after the other, each checked, unless it never left memory, and decompressed. Its memory is one frame. Used by one thread.</summary>
internal sealed class FrameReader : IDisposable
{
    private const int ReadAheadBytes = 256 << 10;

    private byte[] _buffer = [];
    private byte[] _raw = [];
    private int _start;
    private int _end;
    private BucketSource? _source;
    private long _unread;

    // What comes next of a bucket that is in memory; nothing of it is copied.
    private ReadOnlyMemory<byte> _held;

    /// <summary>Bytes of the bucket whose frames were returned.</summary>
    public long Consumed { get; private set; }

    /// <summary>Starts with a bucket. The caller disposes it.</summary>
    public void Open(BucketSource source)
    {
        _source = source;
        _unread = source.Length;
        _start = _end = 0;
        _held = source.Bytes;
        Consumed = 0;
    }

    /// <summary>Reads a frame.</summary>
    /// <param name="payload">Batches of records, or one <see cref="DenseFrame{TKey, TValue}"/>. Valid until the next call.</param>
    /// <param name="isDense">Whether it is the latter.</param>
    /// <returns><see langword="false"/> at the end of the bucket.</returns>
    /// <exception cref="InvalidDataException">The frame is damaged.</exception>
    /// <exception cref="IOException">The bucket cannot be read.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> payload, out bool isDense)
    {
        payload = default;
        isDense = false;
        var available = _end - _start + _unread;
        if (available == 0)
        {
            return false;
        }

        if (available < ShuffleFrame.HeaderLength)
        {
            throw new InvalidDataException($"A bucket ends with {available} bytes that are no frame. It is damaged.");
        }

        var (kind, storedLength, rawLength) = ShuffleFrame.ReadHeader(Peek(ShuffleFrame.HeaderLength).Span, available);
        var frame = Peek(ShuffleFrame.HeaderLength + storedLength);
        if (_held.IsEmpty)
        {
            // What was written to memory by this process came over no disk and no network.
            ShuffleFrame.Check(frame.Span);
        }

        Skip(frame.Length);
        isDense = kind is ShuffleFrame.DenseKind or ShuffleFrame.DenseLz4Kind;
        payload = kind is ShuffleFrame.RawKind or ShuffleFrame.DenseKind
            ? frame[ShuffleFrame.HeaderLength..]
            : Decompress(frame.Span[ShuffleFrame.HeaderLength..], rawLength);
        return true;
    }

    /// <summary>The next bytes, which are not more than are left.</summary>
    private ReadOnlyMemory<byte> Peek(int count)
    {
        if (!_held.IsEmpty)
        {
            return _held[..count];
        }

        Fill(count);
        return _buffer.AsMemory(_start, count);
    }

    private void Skip(int count)
    {
        if (_held.IsEmpty)
        {
            _start += count;
        }
        else
        {
            _held = _held[count..];
            _unread -= count;
        }

        Consumed += count;
    }

    /// <summary>Returns the buffers.</summary>
    public void Dispose()
    {
        Return(ref _buffer);
        Return(ref _raw);
    }

    private ReadOnlyMemory<byte> Decompress(ReadOnlySpan<byte> stored, int rawLength)
    {
        if (_raw.Length < rawLength)
        {
            Return(ref _raw);
            _raw = ArrayPool<byte>.Shared.Rent(rawLength);
        }

        BlockCodecs.Lz4.Decode(stored, _raw.AsSpan(0, rawLength));
        return _raw.AsMemory(0, rawLength);
    }

    // Makes at least count bytes available from the start, reading ahead as far as the buffer and the bucket go.
    private void Fill(int count)
    {
        if (_end - _start >= count)
        {
            return;
        }

        MakeRoom(count);
        while (_end - _start < count)
        {
            var wanted = (int)Math.Min(_buffer.Length - _end, _unread);
            var read = _source!.Read(_buffer.AsMemory(_end, wanted));
            if (read <= 0)
            {
                throw new EndOfStreamException($"A bucket of {_source.Length} bytes ends {_unread} bytes too early. Its file was cut short, or its sender stopped.");
            }

            _end += read;
            _unread -= read;
        }
    }

    private void MakeRoom(int count)
    {
        var held = _end - _start;
        var wanted = (int)Math.Max(count, Math.Min(held + _unread, ReadAheadBytes));
        if (_buffer.Length < wanted)
        {
            var larger = ArrayPool<byte>.Shared.Rent(wanted);
            _buffer.AsSpan(_start, held).CopyTo(larger);
            Return(ref _buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, held).CopyTo(_buffer);
        }

        _start = 0;
        _end = held;
    }

    private static void Return(ref byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        buffer = [];
    }
}
