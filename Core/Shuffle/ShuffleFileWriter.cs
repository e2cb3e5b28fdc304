using System.Buffers;
using System.Buffers.Binary;

namespace Dpark.Shuffle;

/// <summary>Writes one shuffle file, or the same bytes in memory: a header, the frames of each bucket in order, an index. Used by one thread, for map outputs and for spills.</summary>
internal sealed class ShuffleFileWriter : IDisposable
{
    /// <summary>Bytes of the longest output that is written in memory.</summary>
    public const int MaxMemoryBytes = OutputMemory.MaxBytes;

    // Frames and the index take less than that beside what is in them, unless there is little in them.
    private const int FrameOverheadShare = 16;

    private const int CopyBytes = 1 << 20;

    // One of both.
    private readonly OutputFile? _file;
    private readonly OutputMemory? _memory;
    private readonly long[] _offsets;
    private readonly byte[] _header = new byte[ShuffleFile.HeaderLength];
    private long _position = ShuffleFile.HeaderLength;
    private int _bucket = -1;

    /// <summary>Makes the file.</summary>
    /// <param name="shape">The shape of the records, so that a reader of another type is refused.</param>
    public ShuffleFileWriter(string path, int bucketCount, int shape)
    {
        _file = new OutputFile(path);
        _offsets = new long[bucketCount + 1];
        ShuffleFile.WriteHeader(_header, bucketCount, shape);
        Write(_header);
    }

    /// <summary>Writes in memory, as far as <see cref="MaxMemoryBytes"/> go.</summary>
    /// <param name="shape">As for a file.</param>
    /// <param name="expectedBytes">About as long as it will be, or less.</param>
    /// <exception cref="OutputTooLongException">That does not fit into memory.</exception>
    public ShuffleFileWriter(int bucketCount, int shape, long expectedBytes)
    {
        _memory = new OutputMemory(expectedBytes + (expectedBytes / FrameOverheadShare) + ShuffleFile.HeaderLength);
        _offsets = new long[bucketCount + 1];
        ShuffleFile.WriteHeader(_header, bucketCount, shape);
        Write(_header);
    }

    /// <summary>What was written in memory, once, after <see cref="Complete"/>.</summary>
    public OutputBytes TakeWritten() => _memory!.Take();

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

    /// <summary>As <see cref="Append(int, ReadOnlySpan{byte})"/>, without a copy of a frame that goes to the file with others.</summary>
    /// <param name="frame">Stays as it is until <see cref="Complete"/> is done.</param>
    /// <exception cref="OutputTooLongException">It does not fit into memory.</exception>
    public void AppendLater(int bucket, ReadOnlyMemory<byte> frame)
    {
        if (_file is null)
        {
            Append(bucket, frame.Span);
            return;
        }

        MoveTo(bucket);
        _file.WriteLater(frame);
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
        if (_file is null)
        {
            Write(index);
        }
        else
        {
            _file.WriteLater(index);
            _file.Flush();
        }

        return _offsets;
    }

    /// <summary>Closes the file, or returns the memory.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _memory?.Dispose();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_file is not null)
        {
            _file.Write(bytes);
        }
        else
        {
            _memory!.Write(bytes);
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
