using System.Buffers.Binary;

namespace Dpark.Baselines;

/// <summary>Sorts a file of records by hand: reads it whole, spreads the records by the first two bytes of their keys, sorts each share, writes one file per thread.</summary>
public static class SortBaseline
{
    /// <summary>Bytes of a record, the line end included.</summary>
    public const int RecordBytes = 100;

    /// <summary>Bytes of its key, at the start.</summary>
    public const int KeyBytes = 10;

    private const int FirstKeyByte = '0';
    private const int WriteBytes = 1 << 20;

    /// <summary>Writes a file of records. A key is ten of 64 letters; a record ends with a line end, so that the file is also one of text.</summary>
    public static void WriteRecords(string path, int recordCount)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var buffer = new byte[RecordBytes * 10_000];
        var filled = 0;
        for (var i = 0; i < recordCount; i++)
        {
            WriteRecord(buffer.AsSpan(filled, RecordBytes), i);
            filled += RecordBytes;
            if (filled == buffer.Length)
            {
                file.Write(buffer);
                filled = 0;
            }
        }

        file.Write(buffer, 0, filled);
    }

    /// <summary>Sorts into files of a new directory, <c>part-0</c>, <c>part-1</c> and so on.</summary>
    /// <returns>Their paths, in order.</returns>
    public static string[] Sort(string path, string directory, int threadCount)
    {
        Directory.CreateDirectory(directory);
        using var input = File.OpenHandle(path);
        var length = RandomAccess.GetLength(input);
        var count = (int)(length / RecordBytes);
        var records = GC.AllocateUninitializedArray<byte>(checked((int)length));
        var starts = new int[threadCount][];
        Threads.Run(threadCount, index =>
        {
            var (start, end) = Share(count, index, threadCount);
            ReadAll(input, records.AsSpan(start * RecordBytes, (end - start) * RecordBytes), (long)start * RecordBytes);
            starts[index] = Histogram(records.AsSpan(start * RecordBytes, (end - start) * RecordBytes));
        });
        var buckets = Sum(starts);
        var keys = GC.AllocateUninitializedArray<ulong>(count);
        var numbers = GC.AllocateUninitializedArray<int>(count);
        var paths = Enumerable.Range(0, threadCount).Select(index => Path.Combine(directory, $"part-{index}")).ToArray();
        Threads.Run(threadCount, index =>
        {
            var (start, end) = Share(count, index, threadCount);
            Place(records, start, end, starts[index], keys, numbers);
        });
        var bounds = Bounds(buckets, count, threadCount);
        Threads.Run(threadCount, index =>
        {
            for (var bucket = bounds[index]; bucket < bounds[index + 1]; bucket++)
            {
                SortBucket(keys, numbers, buckets[bucket], buckets[bucket + 1]);
            }

            Write(paths[index], records, numbers.AsSpan(buckets[bounds[index]]..buckets[bounds[index + 1]]));
        });
        return paths;
    }

    private static void WriteRecord(Span<byte> record, long number)
    {
        var random = KeyedRows.Mix((ulong)number + 1);
        for (var i = 0; i < KeyBytes; i++)
        {
            record[i] = (byte)(FirstKeyByte + ((random >> (i * 6)) & 63));
        }

        record[KeyBytes..].Fill((byte)('a' + (number % 26)));
        record[^1] = (byte)'\n';
    }

    private static (int Start, int End) Share(int count, int index, int threadCount) =>
        ((int)((long)count * index / threadCount), (int)((long)count * (index + 1) / threadCount));

    private static void ReadAll(Microsoft.Win32.SafeHandles.SafeFileHandle file, Span<byte> target, long offset)
    {
        while (!target.IsEmpty)
        {
            var read = RandomAccess.Read(file, target[..Math.Min(target.Length, 4 << 20)], offset);
            target = target[read..];
            offset += read;
        }
    }

    private static int[] Histogram(ReadOnlySpan<byte> records)
    {
        var counts = new int[1 << 16];
        for (var i = 0; i < records.Length; i += RecordBytes)
        {
            counts[(records[i] << 8) | records[i + 1]]++;
        }

        return counts;
    }

    // Turns the counts of each thread into where it places its first record of each bucket.
    private static int[] Sum(int[][] counts)
    {
        var buckets = new int[(1 << 16) + 1];
        var position = 0;
        for (var bucket = 0; bucket < 1 << 16; bucket++)
        {
            buckets[bucket] = position;
            foreach (var thread in counts)
            {
                var count = thread[bucket];
                thread[bucket] = position;
                position += count;
            }
        }

        buckets[^1] = position;
        return buckets;
    }

    private static int[] Bounds(int[] buckets, int count, int threadCount)
    {
        var bounds = new int[threadCount + 1];
        for (var index = 1; index < threadCount; index++)
        {
            var bucket = Array.BinarySearch(buckets, Share(count, index, threadCount).Start);
            bounds[index] = Math.Min(bucket < 0 ? ~bucket : bucket, 1 << 16);
        }

        bounds[threadCount] = 1 << 16;
        return bounds;
    }

    private static void Place(byte[] records, int start, int end, int[] next, ulong[] keys, int[] numbers)
    {
        for (var i = start; i < end; i++)
        {
            var record = records.AsSpan(i * RecordBytes, RecordBytes);
            ref var position = ref next[(record[0] << 8) | record[1]];
            keys[position] = BinaryPrimitives.ReadUInt64BigEndian(record[2..]);
            numbers[position++] = i;
        }
    }

    // Two bytes chose the bucket and eight are the key, so equal keys are equal records; those stay in their order.
    private static void SortBucket(ulong[] keys, int[] numbers, int start, int end)
    {
        Array.Sort(keys, numbers, start, end - start);
        for (int first = start, last; first < end; first = last)
        {
            for (last = first + 1; last < end && keys[last] == keys[first]; last++)
            {
            }

            Array.Sort(numbers, first, last - first);
        }
    }

    private static void Write(string path, byte[] records, ReadOnlySpan<int> numbers)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var buffer = new byte[WriteBytes / RecordBytes * RecordBytes];
        var filled = 0;
        foreach (var number in numbers)
        {
            records.AsSpan(number * RecordBytes, RecordBytes).CopyTo(buffer.AsSpan(filled));
            filled += RecordBytes;
            if (filled == buffer.Length)
            {
                file.Write(buffer);
                filled = 0;
            }
        }

        file.Write(buffer, 0, filled);
    }
}
