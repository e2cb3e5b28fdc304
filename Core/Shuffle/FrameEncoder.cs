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
        var payload = frame[ShuffleFrame.HeaderLength..];
        if (compression == ShuffleCompression.Lz4 && TryCompress(payload, out var smaller))
        {
            return smaller;
        }

        ShuffleFrame.WriteHeader(frame, ShuffleFrame.RawKind, payload.Length);
        return frame;
    }

    /// <summary>Returns the buffer.</summary>
    public void Dispose() => _frame.Dispose();

    private bool TryCompress(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> frame)
    {
        // Room for one byte less than the payload, so that a frame that does not get smaller is stored as it is.
        compressed.Truncate(0);
        var target = compressed.Append(ShuffleFrame.HeaderLength + Math.Max(payload.Length - 1L, 0));
        var length = BlockCodecs.Lz4.Encode(payload, target[ShuffleFrame.HeaderLength..]);
        target = target[..(ShuffleFrame.HeaderLength + length)];
        frame = target;
        if (length == 0)
        {
            return false;
        }

        ShuffleFrame.WriteHeader(target, ShuffleFrame.Lz4Kind, payload.Length);
        return true;
    }
}
