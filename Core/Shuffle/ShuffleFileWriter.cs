using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>Writes one shuffle file, or the same bytes in memory: a header, segments with the frames of each bucket in order, an index. Used by one thread, for map outputs and for spills.</summary>
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
    private readonly int _bucketCount;
    private readonly List<long> _starts;
    private readonly byte[] _header = new byte[ShuffleFile.HeaderLength];
    private long _position = ShuffleFile.HeaderLength;

    // In the segment.
    private int _bucket = -1;

    /// <summary>Makes the file.</summary>
    /// <param name="shape">The shape of the records, so that a reader of another type is refused.</param>
    public ShuffleFileWriter(string path, int bucketCount, int shape)
    {
        _file = new OutputFile(path);
        _bucketCount = bucketCount;
        _starts = new(bucketCount + 1);
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
        _bucketCount = bucketCount;
        _starts = new(bucketCount + 1);
        ShuffleFile.WriteHeader(_header, bucketCount, shape);
        Write(_header);
    }

    /// <summary>What was written in memory, once, after <see cref="Complete"/>.</summary>
    public OutputBytes TakeWritten() => _memory!.Take();

    /// <summary>Records in all buckets. Set before <see cref="Complete"/>.</summary>
    public long RecordCount { get; set; }

    /// <summary>Bytes that were appended so far, with the header.</summary>
    public long Position => _position;

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

    /// <summary>Ends a segment; frames for any bucket may follow. All that was appended is in the file.</summary>
    public void EndSegment()
    {
        MoveTo(_bucketCount - 1);
        _bucket = -1;
        _file?.Flush();
    }

    /// <summary>Where the buckets of the first segments start, and where the last one of them ends.</summary>
    /// <param name="segmentCount">Not more than were ended.</param>
    public long[] StartsOf(int segmentCount)
    {
        var count = segmentCount * _bucketCount;
        return [.. _starts[..count], count < _starts.Count ? _starts[count] : _position];
    }

    /// <summary>Appends segments of another file with as many buckets, as the first ones of this one.</summary>
    /// <param name="starts">As <see cref="StartsOf"/> gave them there.</param>
    /// <exception cref="EndOfStreamException">The file has become shorter.</exception>
    public void AppendSegments(SafeFileHandle file, long[] starts)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(starts[^1], CopyBytes));
        try
        {
            while (_position < starts[^1])
            {
                var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(starts[^1] - _position, buffer.Length)), _position);
                if (read == 0)
                {
                    throw new EndOfStreamException($"A map output that is copied to another disk ends {starts[^1] - _position} bytes too early. Its file was cut short.");
                }

                Write(buffer.AsSpan(0, read));
                _position += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _starts.AddRange(starts.AsSpan()[..^1]);
    }

    /// <summary>Ends the last segment and writes the index.</summary>
    /// <returns>Where the buckets are.</returns>
    public BucketStarts Complete()
    {
        MoveTo(_bucketCount - 1);
        long[] starts = [.. _starts, _position];
        var index = new byte[(starts.Length * sizeof(long)) + ShuffleFile.TrailerLength];
        for (var i = 0; i < starts.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(index.AsSpan(i * sizeof(long)), starts[i]);
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

        return new BucketStarts(_bucketCount, starts);
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
            _starts.Add(_position);
            _bucket++;
        }
    }
}
