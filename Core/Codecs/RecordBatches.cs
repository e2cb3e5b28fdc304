using Dpark.Rdds;

namespace Dpark.Codecs;

/// <summary>
/// Appends records as batches, each with its number of records and of bytes in front. Batches of large records hold fewer of them, so that one batch stays
/// under <see cref="MaxBatchBytes"/> as far as a single record allows. Not thread-safe.
/// </summary>
/// <param name="maxBytes">Most bytes that the output may have.</param>
internal sealed class RecordBatchEncoder<T>(RecordCodec<T> codec, int maxBytes = int.MaxValue)
{
    /// <summary>Most bytes of a batch of more than one record.</summary>
    public const int MaxBatchBytes = 4 << 20;

    private readonly int _limit = Math.Min(maxBytes, Array.MaxLength);
    private int _recordsPerBatch = BatchReader.Capacity;

    /// <summary>Appends one or more batches.</summary>
    /// <exception cref="InvalidOperationException">One record needs more bytes than a buffer can hold.</exception>
    public void Append(ReadOnlySpan<T> records, RecordBuffer output)
    {
        while (!records.IsEmpty)
        {
            var count = Math.Min(records.Length, _recordsPerBatch);
            if (TryAppend(records[..count], output))
            {
                records = records[count..];
                _recordsPerBatch = Math.Min(Math.Max(_recordsPerBatch, 2 * count), BatchReader.Capacity);
            }
            else
            {
                _recordsPerBatch = (count + 1) / 2;
            }
        }
    }

    private bool TryAppend(ReadOnlySpan<T> records, RecordBuffer output)
    {
        var start = output.Length;
        try
        {
            output.Limit = records.Length == 1 ? _limit : (int)Math.Min((long)start + MaxBatchBytes, _limit);
            output.Append((long)RecordBlock.BatchHeaderLength);
            codec.Encode(records, output);
        }
        catch (RecordBufferFullException) when (records.Length > 1)
        {
            output.Truncate(start);
            output.Depth = 0;
            return false;
        }
        finally
        {
            output.Limit = Array.MaxLength;
        }

        var header = output.Written(start, RecordBlock.BatchHeaderLength);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(header, records.Length);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(header[4..], output.Length - start - RecordBlock.BatchHeaderLength);
        return true;
    }
}

/// <summary>Reads what <see cref="RecordBatchEncoder{T}"/> wrote.</summary>
internal sealed class RecordBatchDecoder<T>(RecordCodec<T> codec)
{
    private T[] _records = [];

    /// <summary>Reads one batch.</summary>
    /// <returns>Its records, valid until the next call; empty for an end mark.</returns>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public ReadOnlySpan<T> Next(scoped ref RecordInput input)
    {
        var count = input.ReadInt32();
        var batch = new RecordInput(input.ReadBytes(input.ReadInt32())) { Arena = input.Arena };
        if ((uint)count > BatchReader.Capacity)
        {
            RecordErrors.ThrowTooMany(count, batch.Remaining);
        }

        if (count > _records.Length)
        {
            _records = new T[count];
        }

        var records = _records.AsSpan(0, count);
        if (count > 0)
        {
            codec.Decode(ref batch, records);
        }

        if (batch.Remaining != 0)
        {
            RecordErrors.ThrowDamaged($"{batch.Remaining} bytes behind the last column of a batch");
        }

        return records;
    }
}
