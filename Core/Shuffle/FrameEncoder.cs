using Dpark.Codecs;
using Dpark.Configuration;

namespace Dpark.Shuffle;

/// <summary>Collects records into frames. Not thread-safe.</summary>
/// <param name="frameBytes">Raw bytes at which a frame is full. One batch may exceed it.</param>
/// <param name="compressed">Room for compressed frames, which encoders of one thread share.</param>
internal sealed class FrameEncoder<T>(RecordCodec<T> codec, ShuffleCompression compression, int frameBytes, RecordBuffer compressed) : IDisposable
{
    private readonly RecordBatchEncoder<T> _batches = new(codec);
    private readonly RecordBuffer _frame = new();

    /// <summary>Whether <see cref="Seal"/> is due.</summary>
    public bool IsFull => _frame.Length >= frameBytes;

    /// <summary>Whether there is nothing to seal.</summary>
    public bool IsEmpty => _frame.Length == 0;

    /// <summary>Bytes of the frame so far.</summary>
    public int Length => _frame.Length;

    /// <summary>Memory held.</summary>
    public long Capacity => _frame.Capacity;

    /// <summary>Adds records to the frame.</summary>
    public void Add(ReadOnlySpan<T> records)
    {
        if (_frame.Length == 0)
        {
            _frame.Append((long)ShuffleFrame.HeaderLength);
        }

        _batches.Append(records, _frame);
    }

    /// <summary>Ends the frame.</summary>
    /// <returns>The whole frame, valid until the next call to this or another encoder of the thread.</returns>
    public ReadOnlySpan<byte> Seal()
    {
        var frame = _frame.Written(0, _frame.Length);
        _frame.Truncate(0);
        return ShuffleFrame.Seal(frame, ShuffleFrame.RawKind, compression, compressed);
    }

    /// <summary>Returns the buffer.</summary>
    public void Dispose() => _frame.Dispose();
}
