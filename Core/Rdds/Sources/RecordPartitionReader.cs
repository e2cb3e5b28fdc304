using System.Buffers;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Sources;

/// <summary>Reads the pieces of a partition one after the other; a batch is what fits into the buffer. Used by one thread.</summary>
internal sealed class RecordPartitionReader(TextPiece[] pieces, int recordBytes, CallSite callSite, TaskContext context) : BatchReader<ByteSlice>
{
    // Fits into the cache of one core.
    private const int BufferBytes = 128 << 10;

    private readonly ByteSlice[] _records = new ByteSlice[Math.Clamp(BufferBytes / recordBytes, 1, BatchReader.Capacity)];
    private byte[] _buffer = [];
    private ByteBlock? _block;
    private TextBytes? _file;
    private long _left;
    private int _next;

    public override ReadOnlySpan<ByteSlice> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        context.RunningOperator = callSite;
        _block?.Retire();
        _block = null;
        while (_left == 0)
        {
            if (_next == pieces.Length)
            {
                _file?.Dispose();
                _file = null;
                return default;
            }

            Open(pieces[_next++]);
        }

        var count = (int)Math.Min(_records.Length, _left / recordBytes);
        Read(count * recordBytes);
        _block = new ByteBlock(_buffer);
        for (var i = 0; i < count; i++)
        {
            _records[i] = new ByteSlice(_block, i * recordBytes, recordBytes);
        }

        context.Metrics.InputRecords += count;
        return _records.AsSpan(0, count);
    }

    protected override void Dispose(bool disposing)
    {
        _block?.Retire();
        _block = null;
        _file?.Dispose();
        _file = null;
        _left = 0;
        _next = pieces.Length;
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = [];
        base.Dispose(disposing);
    }

    private void Open(TextPiece piece)
    {
        if (_file?.TryMoveTo(piece.Path, piece.Begin) != true)
        {
            _file?.Dispose();
            _file = null;
            _file = TextBytes.OpenAt(piece.Path, piece.Begin);
        }

        _left = piece.End - piece.Begin;
    }

    private void Read(int count)
    {
        if (_buffer.Length < count)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(_records.Length * recordBytes);
        }

        var read = _file!.Read(_buffer.AsSpan(0, count));
        if (read < count)
        {
            throw new EndOfStreamException(
                $"{pieces[_next - 1].Path} ends {_left - read} bytes earlier than when the job was planned. Do not change input files while jobs read them.");
        }

        _left -= count;
        context.Metrics.InputBytes += count;
    }
}
