using Dpark.Rdds;

namespace Dpark.Codecs;

/// <summary>Reads a record block that is in memory.</summary>
internal sealed class RecordBlockReader<T>(ReadOnlyMemory<byte> block) : BatchReader<T>
{
    private readonly RecordCodec<T> _codec = RecordCodec<T>.Default;
    private RecordBatchDecoder<T>? _batches;
    private ReadOnlyMemory<byte> _rest = block;
    private bool _ended;

    public override ReadOnlySpan<T> Next()
    {
        if (_ended)
        {
            return default;
        }

        if (_batches is null)
        {
            var header = new RecordInput(_rest.Span);
            RecordBlock.CheckHeader(_codec, header.ReadBytes(RecordBlock.HeaderLength));
            _rest = _rest[RecordBlock.HeaderLength..];
            _batches = new RecordBatchDecoder<T>(_codec);
        }

        var input = new RecordInput(_rest.Span);
        var records = _batches.Next(ref input);
        if (records.IsEmpty)
        {
            _ended = true;
            if (input.Remaining != 0)
            {
                RecordErrors.ThrowDamaged($"{input.Remaining} bytes behind the end mark");
            }
        }

        _rest = _rest[^input.Remaining..];
        return records;
    }
}
