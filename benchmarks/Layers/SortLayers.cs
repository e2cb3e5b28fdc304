using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Sorting;
using Dpark.Text;

namespace Dpark.Layers;

/// <summary>Half a million records of 100 bytes in the order of their first ten: the prefixes of their keys alone, the records as a reduce task sorts them, and the framework's sort.</summary>
public class SortLayers
{
    private const int RecordCount = 500_000;
    private const int RecordBytes = 100;
    private const int KeyBytes = 10;

    private readonly SortEntry[] _entries = new SortEntry[RecordCount];
    private readonly SortEntry[] _scratch = new SortEntry[RecordCount];
    private readonly ulong[] _prefixes = new ulong[RecordCount];
    private readonly byte[] _records = new byte[RecordCount * RecordBytes];
    private readonly (long Key, ByteSlice Value)[] _batch = new (long Key, ByteSlice Value)[BatchReader.Capacity];
    private ByteBlock _block = null!;

    /// <summary>Makes the records.</summary>
    [GlobalSetup]
    public void Make()
    {
        new Random(1).NextBytes(_records);
        _block = new ByteBlock(_records);
        for (var i = 0; i < RecordCount; i++)
        {
            _prefixes[i] = BinaryPrimitives.ReadUInt64BigEndian(_records.AsSpan(i * RecordBytes));
        }
    }

    /// <summary>The first eight bytes of each key and the number of its record, by radix.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = RecordCount)]
    public ulong Prefixes()
    {
        for (var i = 0; i < _entries.Length; i++)
        {
            _entries[i] = new SortEntry(_prefixes[i], (uint)i);
        }

        RadixSort.Sort(_entries, _scratch);
        return Expect(_entries[0].Prefix, _entries[^1].Prefix);
    }

    /// <summary>As tasks do it: records are gathered with their keys, sorted, and read in order.</summary>
    [Benchmark(OperationsPerInvoke = RecordCount)]
    public ulong Records()
    {
        var order = new SortOrder<ByteSlice, ByteSlice>(record => record[..KeyBytes], Comparer: null, IsDescending: false);
        using var buffer = new SortBuffer<ByteSlice, ByteSlice>(order, TaskMemory.Unlimited(default).Claim("a benchmark"), CancellationToken.None);
        for (var start = 0; start < RecordCount; start += _batch.Length)
        {
            var batch = _batch.AsSpan(0, Math.Min(_batch.Length, RecordCount - start));
            for (var i = 0; i < batch.Length; i++)
            {
                var from = (start + i) * RecordBytes;
                batch[i] = (BucketPartitioner.KeyOf(0, 0), new ByteSlice(_block, from, RecordBytes));
            }

            buffer.Add(batch);
        }

        buffer.Sort();
        using var sorted = buffer.Open();
        var (least, most) = (ulong.MaxValue, 0UL);
        for (var batch = sorted.Next(); !batch.IsEmpty; batch = sorted.Next())
        {
            least = Math.Min(least, BinaryPrimitives.ReadUInt64BigEndian(batch[0].Span));
            most = BinaryPrimitives.ReadUInt64BigEndian(batch[^1].Span);
        }

        return Expect(least, most);
    }

    /// <summary>With the framework's sort of one array by another.</summary>
    [Benchmark(OperationsPerInvoke = RecordCount)]
    public ulong ArraySort()
    {
        var keys = (ulong[])_prefixes.Clone();
        var numbers = new int[RecordCount];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = i;
        }

        Array.Sort(keys, numbers);
        return Expect(keys[0], keys[^1]);
    }

    private ulong Expect(ulong least, ulong most) =>
        least == _prefixes.Min() && most == _prefixes.Max() ? most : throw new InvalidDataException($"Sorted from {least:x} to {most:x}; that is not where the records begin and end.");
}
