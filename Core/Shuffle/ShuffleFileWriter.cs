using System.Buffers;
using System.Buffers.Binary;

namespace Dpark.Shuffle;

/// <summary>Writes one shuffle file: a header, the frames of each bucket in order, an index. Used by one thread, for map outputs and for spills.</summary>
internal sealed class ShuffleFileWriter : IDisposable
{
    private const int BufferBytes = 64 << 10;
    private const int CopyBytes = 256 << 10;

    private readonly FileStream _file;
    private readonly long[] _offsets;
    private readonly byte[] _header = new byte[ShuffleFile.HeaderLength];
    private long _position = ShuffleFile.HeaderLength;
    private int _bucket = -1;

    /// <summary>Makes the file.</summary>
    /// <param name="shape">The shape of the records, so that a reader of another type is refused.</param>
    public ShuffleFileWriter(string path, int bucketCount, int shape)
    {
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, BufferBytes);
        _offsets = new long[bucketCount + 1];
        ShuffleFile.WriteHeader(_header, bucketCount, shape);
        _file.Write(_header);
    }

    /// <summary>Records in all buckets. Set before <see cref="Complete"/>.</summary>
    public long RecordCount { get; set; }

    /// <summary>Appends a frame.</summary>
    /// <param name="bucket">Not before that of the last call.</param>
    public void Append(int bucket, ReadOnlySpan<byte> frame)
    {
        MoveTo(bucket);
        _file.Write(frame);
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

                _file.Write(buffer, 0, read);
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
        _file.Write(index);
        _file.Flush();
        return _offsets;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

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
