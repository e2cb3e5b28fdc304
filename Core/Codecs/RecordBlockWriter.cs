using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Codecs;

/// <summary>Collects records into one block. Not thread-safe.</summary>
public sealed class RecordBlockWriter<T> : IDisposable
{
    private readonly RecordBuffer _output = new();
    private readonly RecordBatchEncoder<T> _batches;
    private T[] _pending = [];
    private int _pendingCount;

    /// <summary>Starts an empty block.</summary>
    /// <exception cref="UnsupportedRecordTypeException"><typeparamref name="T"/> cannot be coded.</exception>
    public RecordBlockWriter()
        : this(int.MaxValue)
    {
    }

    /// <param name="maxBytes">Most bytes that the block may have, without its end mark; never more than an array can hold.</param>
    internal RecordBlockWriter(int maxBytes)
    {
        var codec = RecordCodec<T>.Default;
        _batches = new RecordBatchEncoder<T>(codec, maxBytes);
        RecordBlock.AppendHeader(codec, _output);
    }

    /// <summary>Records written so far.</summary>
    public long RecordCount { get; private set; }

    /// <summary>Bytes encoded so far. Records of a batch that is not full yet are not counted.</summary>
    public long Length => _output.Length;

    /// <summary>Bytes of memory for what is encoded.</summary>
    internal long Capacity => _output.Capacity;

    /// <summary>Adds records.</summary>
    /// <exception cref="InvalidOperationException">The block would exceed 2 GB.</exception>
    /// <exception cref="UnsupportedRecordTypeException">A value is of a class derived from the declared one.</exception>
    public void Write(ReadOnlySpan<T> records)
    {
        RecordCount += records.Length;
        if (_pendingCount > 0 || records.Length < BatchReader.Capacity)
        {
            records = records[Hold(records)..];
        }

        while (records.Length >= BatchReader.Capacity)
        {
            _batches.Append(records[..BatchReader.Capacity], _output);
            records = records[BatchReader.Capacity..];
        }

        Hold(records);
    }

    /// <summary>Ends the block and returns its bytes. The writer can only be disposed afterwards.</summary>
    public byte[] ToArray()
    {
        Flush();
        _output.Append((long)RecordBlock.BatchHeaderLength).Clear();
        return _output.WrittenSpan.ToArray();
    }

    /// <summary>Returns the buffers.</summary>
    public void Dispose() => _output.Dispose();

    // Small writes are put together to full batches. Copies what fits and says how much that was.
    private int Hold(ReadOnlySpan<T> records)
    {
        var count = Math.Min(records.Length, BatchReader.Capacity - _pendingCount);
        if (_pendingCount + count > _pending.Length)
        {
            Array.Resize(ref _pending, Math.Min(Math.Max(2 * _pending.Length, _pendingCount + count), BatchReader.Capacity));
        }

        records[..count].CopyTo(_pending.AsSpan(_pendingCount));
        BorrowedBytes<T>.KeepAll(_pending.AsSpan(_pendingCount, count));
        _pendingCount += count;
        if (_pendingCount == BatchReader.Capacity)
        {
            Flush();
        }

        return count;
    }

    private void Flush()
    {
        _batches.Append(_pending.AsSpan(0, _pendingCount), _output);
        _pendingCount = 0;
    }
}
