using Dpark.Codecs;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>Reads the records of one bucket. Used by one thread.</summary>
/// <param name="source">Disposed with the reader.</param>
/// <param name="arena">Where texts and slices of the records are put; <see langword="null"/> gives each batch memory of its own.</param>
internal sealed class BucketReader<T>(BucketSource source, ByteArena? arena = null) : BatchReader<T>
{
    private readonly RecordBatchDecoder<T> _batches = new(RecordCodec<T>.Default);
    private readonly FrameReader _frames = new();
    private ReadOnlyMemory<byte> _payload;
    private bool _isOpen;
    private bool _isDisposed;

    /// <exception cref="InvalidDataException">The bucket is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public override ReadOnlySpan<T> Next()
    {
        if (!_isOpen)
        {
            _frames.Open(source);
            _isOpen = true;
        }

        while (_payload.IsEmpty)
        {
            if (!_frames.TryRead(out _payload))
            {
                return default;
            }
        }

        var input = new RecordInput(_payload.Span) { Arena = arena };
        var records = _batches.Next(ref input);
        if (records.IsEmpty)
        {
            RecordErrors.ThrowDamaged("an empty batch in a frame");
        }

        _payload = _payload[^input.Remaining..];
        return records;
    }

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _frames.Dispose();
            source.Dispose();
        }

        base.Dispose(disposing);
    }
}
