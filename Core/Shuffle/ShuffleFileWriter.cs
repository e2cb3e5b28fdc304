using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>Writes one shuffle file, or the same bytes in memory: a header, the frames of each bucket in order, an index. Used by one thread, for map outputs and for spills.</summary>
internal sealed class ShuffleFileWriter : IDisposable
{
    /// <summary>Bytes of the longest output that is written in memory: a large page.</summary>
    public const int MaxMemoryBytes = 2 << 20;

    // Small enough for an array that the collector moves like other objects. What is longer is on pages that are used again.
    private const int MaxArrayBytes = 64 << 10;

    // Frames and the index take less than that beside what is in them, unless there is little in them.
    private const int FrameOverheadShare = 16;

    private const int BufferBytes = 64 << 10;
    private const int CopyBytes = 256 << 10;

    private readonly FileStream? _file;
    private readonly long[] _offsets;
    private readonly byte[] _header = new byte[ShuffleFile.HeaderLength];
    private long _position = ShuffleFile.HeaderLength;
    private int _bucket = -1;
    private byte[] _array = [];
    private PageMemory? _pages;
    private int _memoryLength;

    /// <summary>Makes the file.</summary>
    /// <param name="shape">The shape of the records, so that a reader of another type is refused.</param>
    public ShuffleFileWriter(string path, int bucketCount, int shape)
    {
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, BufferBytes);
        _offsets = new long[bucketCount + 1];
        ShuffleFile.WriteHeader(_header, bucketCount, shape);
        _file.Write(_header);
    }

    /// <summary>Writes in memory, as far as <see cref="MaxMemoryBytes"/> go.</summary>
    /// <param name="shape">As for a file.</param>
    /// <param name="expectedBytes">About as long as it will be, or less.</param>
    public ShuffleFileWriter(int bucketCount, int shape, long expectedBytes)
    {
        _offsets = new long[bucketCount + 1];
        Reserve(expectedBytes + (expectedBytes / FrameOverheadShare) + ShuffleFile.HeaderLength);
        ShuffleFile.WriteHeader(_header, bucketCount, shape);
        Write(_header);
    }

    /// <summary>What was written in memory, once, after <see cref="Complete"/>.</summary>
    public OutputBytes TakeWritten()
    {
        if (_pages is not { } pages)
        {
            return new OutputBytes(_array.AsSpan(0, _memoryLength).ToArray());
        }

        _pages = null;
        return new OutputBytes(pages, _memoryLength);
    }

    /// <summary>Records in all buckets. Set before <see cref="Complete"/>.</summary>
    public long RecordCount { get; set; }

    /// <summary>Appends a frame.</summary>
    /// <param name="bucket">Not before that of the last call.</param>
    /// <exception cref="OutputTooLongException">It does not fit into memory.</exception>
    public void Append(int bucket, ReadOnlySpan<byte> frame)
    {
        MoveTo(bucket);
        Write(frame);
        _position += frame.Length;
    }

    /// <summary>Appends all frames of a bucket of another file, as they are.</summary>
    /// <param name="bucket">Not before that of the last call.</param>
    public void Append(int bucket, BucketSource source)
    {
        MoveTo(bucket);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(source.Length, CopyBytes));
        try
        {
            for (var left = source.Length; left > 0;)
            {
                var read = source.Read(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
                if (read <= 0)
                {
                    throw new EndOfStreamException($"A spilled bucket of {source.Length} bytes ends {left} bytes too early. Its file was cut short.");
                }

                Write(buffer.AsSpan(0, read));
                left -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _position += source.Length;
    }

    /// <summary>Writes the index.</summary>
    /// <returns>Where each bucket starts, and where the last one ends.</returns>
    public long[] Complete()
    {
        MoveTo(_offsets.Length - 1);
        var index = new byte[(_offsets.Length * sizeof(long)) + ShuffleFile.TrailerLength];
        for (var i = 0; i < _offsets.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(index.AsSpan(i * sizeof(long)), _offsets[i]);
        }

        ShuffleFile.WriteTrailer(_header, index, RecordCount);
        Write(index);
        _file?.Flush();
        return _offsets;
    }

    /// <summary>Closes the file, or returns the memory.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        ReleaseMemory();
    }

    private Span<byte> Memory => _pages is null ? _array : MemoryMarshal.CreateSpan(ref _pages.Start, (int)_pages.Length);

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_file is not null)
        {
            _file.Write(bytes);
        }
        else
        {
            Reserve((long)_memoryLength + bytes.Length);
            bytes.CopyTo(Memory[_memoryLength..]);
            _memoryLength += bytes.Length;
        }
    }

    // An array or pages, as the first call expects them, then twice as much.
    private void Reserve(long length)
    {
        if (length <= Memory.Length)
        {
            return;
        }

        if (length > MaxMemoryBytes)
        {
            throw new OutputTooLongException();
        }

        if (length <= MaxArrayBytes)
        {
            _array = ArrayPool<byte>.Shared.Rent(MaxArrayBytes);
            return;
        }

        var pages = new PageMemory(_memoryLength == 0 ? length : Math.Clamp(2L * Memory.Length, length, MaxMemoryBytes), zeroBytes: 0);
        Memory[.._memoryLength].CopyTo(MemoryMarshal.CreateSpan(ref pages.Start, (int)pages.Length));
        ReleaseMemory();
        _pages = pages;
    }

    private void ReleaseMemory()
    {
        _pages?.Dispose();
        _pages = null;
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
        }
    }

    // Buckets in between are empty.
    private void MoveTo(int bucket)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bucket, _bucket);
        while (_bucket < bucket)
        {
            _offsets[++_bucket] = _position;
        }
    }
}

/// <summary>An output turned out to be too long for memory; it is written as a file instead.</summary>
internal sealed class OutputTooLongException : Exception;
