using Dpark.Codecs;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>Reads the records of one bucket. Used by one thread.</summary>
/// <param name="source">Disposed with the reader.</param>
/// <param name="arena">Where texts and slices of the records are put; <see langword="null"/> gives each batch memory of its own.</param>
internal sealed class BucketReader<T>(BucketSource source, ByteArena? arena = null) : BatchReader<T>, IDenseFrameSource
{
    private readonly RecordBatchDecoder<T> _batches = new(RecordCodec<T>.Default);
    private readonly FrameReader _frames = new();

    // Batches that were not read yet.
    private ReadOnlyMemory<byte> _payload;

    // The dense frame that is being read, if that is what came last.
    private DenseFrameReader<T>? _dense;
    private ReadOnlyMemory<byte> _densePayload;
    private bool _isInDense;
    private bool _isDenseUnread;
    private bool _isOpen;
    private bool _isDisposed;

    /// <exception cref="InvalidDataException">The bucket is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public override ReadOnlySpan<T> Next()
    {
        while (_payload.IsEmpty)
        {
            if (_isInDense && _dense!.Next() is { IsEmpty: false } pairs)
            {
                _isDenseUnread = false;
                return pairs;
            }

            if (!TryReadFrame())
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

    /// <summary>Whether all was read. Known after a call of <see cref="TryPeekFrame"/> that gave no frame.</summary>
    public bool IsAtEnd => _payload.IsEmpty && !_isInDense;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The bucket is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public bool TryPeekFrame(out ReadOnlyMemory<byte> payload)
    {
        if (IsAtEnd)
        {
            TryReadFrame();
        }

        payload = _densePayload;
        return _isInDense && _isDenseUnread;
    }

    /// <inheritdoc/>
    public void SkipFrame() => _isInDense = false;

    private bool TryReadFrame()
    {
        if (!_isOpen)
        {
            _frames.Open(source);
            _isOpen = true;
        }

        _isInDense = false;
        if (!_frames.TryRead(out var payload, out var isDense))
        {
            return false;
        }

        if (isDense)
        {
            _dense ??= DenseFrameReader<T>.Create();
            _densePayload = _dense.Open(payload);
            _isInDense = _isDenseUnread = true;
        }
        else
        {
            _payload = payload;
        }

        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _frames.Dispose();
            _dense?.Dispose();
            source.Dispose();
        }

        base.Dispose(disposing);
    }
}
