using System.Buffers;
using System.Runtime.CompilerServices;
using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>
/// Writes every pair of a task as it comes, by bucket. Pairs wait per bucket until they make a batch, batches until they make a frame, frames until they are worth a segment of the
/// map output's file or memory is full; then all of them go there, by bucket. Pairs that are only spread over buckets go to spill files when memory is full. Writes once; used by the
/// attempt's thread.
/// </summary>
/// <remarks>What goes to a file is in memory until it is there, so that another disk can take it if one fails.</remarks>
internal sealed class PartitioningMapWriter<TKey, TValue> : IDisposable
{
    // With very many buckets, batches and frames get smaller, so that what waits stays a part of the limit.
    private const int WaitingShare = 8;
    private const int LeastBatch = 16;
    private const int LeastFrameBytes = 4 << 10;

    // Of what is just written, much is in a cache yet when the file takes it, and its memory is used again. A bucket's part of a segment is read at once, so it should not be short.
    private const long LeastSegmentBytes = 8 << 20;
    private const long SegmentBytesPerBucket = 1 << 20;

    private readonly MapOutputFiles _files;
    private readonly ShuffleOptions _options;
    private readonly Partitioner _partitioner;
    private readonly TaskContext _context;
    private readonly RecordCodec<(TKey Key, TValue Value)> _codec = RecordCodec<(TKey Key, TValue Value)>.Default;
    private readonly RecordBuffer _compressed = new();
    private readonly FrameArena _arena;
    private readonly Bucket?[] _buckets;
    private readonly long _segmentBytes;
    private readonly MemoryClaim _memory;
    private readonly MemoryClaim _waitingMemory;
    private readonly HeapGauge _gauge;
    private readonly TKey[] _batchKeys = new TKey[BatchReader.Capacity];
    private readonly int _batchLength;
    private readonly int _frameBytes;
    private PooledList<int> _batchPartitions = new();
    private Func<GrowingOutput>? _begin;
    private GrowingOutput? _output;
    private GrowingSpill? _spill;
    private long _waitingBytes;
    private long _recordCount;

    /// <param name="subject">What is written, in messages, such as <c>shuffle-7</c>.</param>
    public PartitioningMapWriter(string subject, MapOutputFiles files, ShuffleOptions options, Partitioner partitioner, TaskContext context)
    {
        _files = files;
        _options = options;
        _partitioner = partitioner;
        _context = context;
        _arena = new FrameArena(partitioner.PartitionCount);
        _buckets = new Bucket[partitioner.PartitionCount];
        _segmentBytes = Math.Max(LeastSegmentBytes, partitioner.PartitionCount * SegmentBytesPerBucket);
        _memory = context.Memory.Claim($"writing {subject}", options.SpillThresholdBytes);
        _waitingMemory = context.Memory.Claim($"records of {subject} that wait to be written", options.SpillThresholdBytes / 2);
        _gauge = new HeapGauge(_waitingMemory, !_codec.IsInline);
        var waitingBytes = _memory.RoomBytes / WaitingShare / partitioner.PartitionCount;
        _batchLength = (int)Math.Clamp(waitingBytes / Unsafe.SizeOf<(TKey, TValue)>(), LeastBatch, BatchReader.Capacity);
        _frameBytes = (int)Math.Clamp(waitingBytes, Math.Min(LeastFrameBytes, options.FrameBytes), options.FrameBytes);
    }

    /// <summary>Reads the input to its end and commits it as a map output.</summary>
    /// <returns>Where the buckets are, and the records in all of them.</returns>
    public (BucketStarts Starts, long RecordCount) Write(BatchReader<(TKey Key, TValue Value)> input, ShuffleId shuffle, int mapIndex, int attempt)
    {
        var shape = RecordBlock.ShapeHash(_codec);
        _begin = () => _files.Begin(shuffle, mapIndex, attempt, _buckets.Length, shape);
        AddAll(input);
        EncodeWaiting();
        SealFrames();
        var starts = _output is null
            ? _files.Commit(shuffle, mapIndex, attempt, _buckets.Length, shape, _arena.Length, WriteLast)
            : _files.Commit(shuffle, mapIndex, attempt, _output, WriteLast);
        return (starts, _recordCount);
    }

    /// <summary>Reads the input to its end and leaves it in spill files, which the result owns.</summary>
    public SpreadPairs<TKey, TValue> Spread(BatchReader<(TKey Key, TValue Value)> input)
    {
        AddAll(input);
        return EndSpread();
    }

    /// <summary>Ends what <see cref="Add(ReadOnlySpan{ValueTuple{TKey, TValue}})"/> began, in spill files, which the result owns.</summary>
    public SpreadPairs<TKey, TValue> EndSpread()
    {
        EncodeWaiting();
        SealFrames();
        if (_arena.Length > 0)
        {
            _context.Metrics.SpilledBytes += WriteOut();
        }

        return new SpreadPairs<TKey, TValue>(_spill?.Complete() ?? [], _recordCount, _partitioner is RangeSpreadPartitioner);
    }

    /// <summary>Returns memory and deletes spill files.</summary>
    public void Dispose()
    {
        foreach (var bucket in _buckets)
        {
            bucket?.Dispose();
        }

        _output?.Dispose();
        _spill?.Dispose();
        _arena.Dispose();
        _compressed.Dispose();
        _batchPartitions.Dispose();
        _memory.Dispose();
        _waitingMemory.Dispose();
    }

    private void AddAll(BatchReader<(TKey Key, TValue Value)> input)
    {
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            _context.CancellationToken.ThrowIfCancellationRequested();
            Add(batch);
        }
    }

    /// <summary>Adds a batch.</summary>
    public void Add(ReadOnlySpan<(TKey Key, TValue Value)> batch)
    {
        Distribute(batch);
        if (BorrowedBytes<(TKey Key, TValue Value)>.ArePossible)
        {
            // The pairs may not wait for the next batch: it may be read into the memory that they refer to.
            EncodeWaiting();
        }

        if (!_codec.IsInline && _gauge.IsFull(0, this, static writer => writer.MeasureWaiting()))
        {
            EncodeWaiting();
            _waitingMemory.Release();
        }

        if (!_memory.TryHold(_arena.Capacity + _waitingBytes))
        {
            Spill();
        }
        else if (_arena.Length >= _segmentBytes && _begin is not null)
        {
            WriteOut();
        }
    }

    /// <summary>Writes all that waits, and returns the memory that it took.</summary>
    public void Release()
    {
        EncodeWaiting();
        SealFrames();
        ReleaseBuckets();
        _context.Metrics.SpilledBytes += WriteOut();
    }

    private void Distribute(ReadOnlySpan<(TKey Key, TValue Value)> batch)
    {
        var keys = _batchKeys.AsSpan(0, batch.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = batch[i].Key;
        }

        var partitions = Partitions.Of(_partitioner, keys, ref _batchPartitions);
        _recordCount += batch.Length;
        for (var next = Fill(batch, partitions, 0, _buckets); next < batch.Length; next = Fill(batch, partitions, next, _buckets))
        {
            var number = partitions[next];
            if (_buckets[number] is { } full)
            {
                Encode(full, number);
            }
            else
            {
                _buckets[number] = NewBucket();
            }
        }
    }

    // Calls nothing, see DenseTable.AddBelow. Stops at the first pair whose bucket is full or not there yet.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Fill(ReadOnlySpan<(TKey Key, TValue Value)> batch, ReadOnlySpan<int> partitions, int next, Bucket?[] buckets)
    {
        partitions = partitions[..batch.Length];
        for (; (uint)next < (uint)batch.Length; next++)
        {
            if (buckets[partitions[next]] is not { } bucket || bucket.Count == bucket.BatchLength)
            {
                break;
            }

            bucket.Pairs[bucket.Count++] = batch[next];
        }

        return next;
    }

    private Bucket NewBucket()
    {
        _waitingBytes += (long)_batchLength * Unsafe.SizeOf<(TKey, TValue)>();
        return new Bucket(_codec, _options.Compression, _frameBytes, _compressed, _batchLength);
    }

    private void Encode(Bucket bucket, int number)
    {
        var before = bucket.Frames.Capacity;
        bucket.Encode(_batchLength, _frameBytes);
        if (bucket.Frames.IsFull)
        {
            _arena.Add(number, bucket.Frames.Seal());
        }

        _waitingBytes += bucket.Frames.Capacity - before;
    }

    private void EncodeWaiting()
    {
        for (var number = 0; number < _buckets.Length; number++)
        {
            if (_buckets[number] is { Count: > 0 } bucket)
            {
                Encode(bucket, number);
            }
        }

        _gauge.Reset();
    }

    private long MeasureWaiting()
    {
        var bytes = 0L;
        foreach (var bucket in _buckets)
        {
            bytes += bucket is null ? 0 : _codec.HeapBytes(bucket.Pairs.AsSpan(0, bucket.Count), depth: 0);
        }

        return bytes;
    }

    private void SealFrames()
    {
        for (var number = 0; number < _buckets.Length; number++)
        {
            if (_buckets[number] is { Frames.IsEmpty: false } bucket)
            {
                _arena.Add(number, bucket.Frames.Seal());
            }
        }
    }

    // Frames that are not full yet wait on, unless they are what takes the memory.
    private void Spill()
    {
        if (_waitingBytes > _memory.HeldBytes / 2)
        {
            Release();
        }
        else
        {
            _context.Metrics.SpilledBytes += WriteOut();
        }
    }

    /// <returns>Bytes that were written.</returns>
    private long WriteOut()
    {
        var bytes = _arena.Length;
        if (_begin is not null)
        {
            _output ??= _begin();
            _output.Append(WriteArena);
        }
        else
        {
            _spill ??= _files.BeginSpill(_context.Attempt.Application, _buckets.Length, RecordBlock.ShapeHash(_codec));
            _spill.Append(WriteArena);
        }

        _arena.Clear();
        _memory.Release();
        return bytes;
    }

    private void ReleaseBuckets()
    {
        for (var number = 0; number < _buckets.Length; number++)
        {
            _buckets[number]?.Dispose();
            _buckets[number] = null;
        }

        _waitingBytes = 0;
    }

    private void WriteLast(ShuffleFileWriter writer)
    {
        WriteArena(writer);
        writer.RecordCount = _recordCount;
    }

    private void WriteArena(ShuffleFileWriter writer)
    {
        var starts = new int[_buckets.Length + 1];
        var order = _arena.Sort(starts);
        for (var bucket = 0; bucket < _buckets.Length; bucket++)
        {
            _context.CancellationToken.ThrowIfCancellationRequested();
            foreach (var frame in order.AsSpan(starts[bucket]..starts[bucket + 1]))
            {
                writer.AppendLater(bucket, _arena.Frame(frame));
            }
        }
    }

    /// <summary>What waits for one bucket.</summary>
    private sealed class Bucket(
        RecordCodec<(TKey Key, TValue Value)> codec, ShuffleCompression compression, int frameBytes, RecordBuffer compressed, int batchLength) : IDisposable
    {
        public FrameEncoder<(TKey Key, TValue Value)> Frames { get; } = new(codec, compression, frameBytes, compressed);

        public (TKey Key, TValue Value)[] Pairs { get; } = ArrayPool<(TKey Key, TValue Value)>.Shared.Rent(batchLength);

        public int Count { get; set; }

        /// <summary>Pairs that make a batch.</summary>
        public int BatchLength { get; private set; } = batchLength;

        /// <summary>Makes a batch of what waits. The next one is as long as a frame, if pairs are as large as these: longer frames fit into no cache, and objects that wait longer get old.</summary>
        public void Encode(int mostPairs, int frameBytes)
        {
            var before = Frames.Length;
            Frames.Add(Pairs.AsSpan(0, Count));
            var bytes = Frames.Length - before;
            BatchLength = (int)Math.Clamp((((long)frameBytes * Count) + bytes - 1) / bytes, Math.Min(LeastBatch, mostPairs), mostPairs);
            Clear();
        }

        private void Clear()
        {
            if (RuntimeHelpers.IsReferenceOrContainsReferences<(TKey, TValue)>())
            {
                Pairs.AsSpan(0, Count).Clear();
            }

            Count = 0;
        }

        public void Dispose()
        {
            Clear();
            Frames.Dispose();
            ArrayPool<(TKey Key, TValue Value)>.Shared.Return(Pairs);
        }
    }
}
