using System.Buffers;

namespace Dpark.Baselines;

/// <summary>Sums and groups by key, by hand, over rows that are made from their numbers.</summary>
public static class AggregationBaseline
{
    private const int Block = 256;

    // The table of a part's keys stays in a core's cache.
    private const int KeysPerPart = 16_384;
    private const int MaxParts = 256;

    /// <summary>The sum of the values of each key: a table per thread, then each thread merges its share of all tables.</summary>
    public static Checksum ReduceByKey(long rowCount, int keyCount, int threadCount)
    {
        var tables = new LongTable[threadCount];
        Threads.Run(threadCount, index =>
        {
            var table = tables[index] = new LongTable(keyCount);
            Fill(table, rowCount * index / threadCount, rowCount * (index + 1) / threadCount, keyCount);
        });
        var parts = new Checksum[threadCount];
        Threads.Run(threadCount, index => parts[index] = Merge(tables, index, threadCount));
        Array.ForEach(tables, table => table.Dispose());
        return parts.Aggregate(default(Checksum), (sum, part) => sum.With(part));
    }

    /// <summary>
    /// The values of each key: rows are spread over parts by key, so many that a part's table stays in the cache; then each thread takes its share of the parts, and
    /// counts, then places a part's values key by key in one array. Memory is rented, as the engine's is.
    /// </summary>
    public static Checksum GroupByKey(long rowCount, int keyCount, int threadCount)
    {
        var partCount = Math.Clamp(keyCount / KeysPerPart, threadCount, MaxParts);
        var shares = new PairList[threadCount, partCount];
        Threads.Run(threadCount, index =>
        {
            var (start, end) = (rowCount * index / threadCount, rowCount * (index + 1) / threadCount);
            for (var part = 0; part < partCount; part++)
            {
                shares[index, part] = new PairList((int)((end - start) / partCount * 5 / 4) + Block);
            }

            for (var row = start; row < end; row++)
            {
                var key = KeyedRows.KeyOf(row, keyCount);
                shares[index, PartOf(key, partCount)].Add(key, KeyedRows.ValueOf(row));
            }
        });
        var sums = new Checksum[partCount];
        Threads.Run(threadCount, index =>
        {
            for (var part = index; part < partCount; part += threadCount)
            {
                sums[part] = Group([.. Enumerable.Range(0, threadCount).Select(source => shares[source, part])], keyCount);
            }
        });
        foreach (var share in shares)
        {
            share.Return();
        }

        return sums.Aggregate(default(Checksum), (sum, part) => sum.With(part));
    }

    /// <summary>What a group adds to the checksum.</summary>
    public static ulong CheckOf(long key, ReadOnlySpan<long> values)
    {
        var sum = 0L;
        foreach (var value in values)
        {
            sum += value;
        }

        return KeyedRows.Check(key, (sum << 20) + values.Length);
    }

    private static int Owner(long key, int threadCount) => (int)(((ulong)(uint)((ulong)key * 0x9E3779B97F4A7C15 >> 32) * (ulong)threadCount) >> 32);

    // Not by the hash of the tables: the keys of a part would want the same few slots of its table.
    private static int PartOf(long key, int partCount) => (int)(((ulong)(uint)((ulong)key * 0xC2B2AE3D27D4EB4F >> 32) * (ulong)partCount) >> 32);

    private static void Fill(LongTable table, long start, long end, int keyCount)
    {
        Span<long> keys = stackalloc long[Block];
        for (var row = start; row < end; row += Block)
        {
            var count = (int)Math.Min(Block, end - row);
            for (var i = 0; i < count; i++)
            {
                keys[i] = KeyedRows.KeyOf(row + i, keyCount);
                table.FetchAhead(keys[i]);
            }

            for (var i = 0; i < count; i++)
            {
                table.ValueOf(keys[i]) += KeyedRows.ValueOf(row + i);
            }
        }
    }

    // Equal keys are in about the same place of all tables, so a share of the slots, by the position that a key wants, is a share of the keys.
    private static Checksum Merge(LongTable[] tables, int index, int threadCount)
    {
        using var merged = new LongTable(tables[0].SlotCount / threadCount);
        foreach (var table in tables)
        {
            for (var slot = 0; slot < table.SlotCount; slot++)
            {
                if (table.TryGetSlot(slot, out var key, out var value) && Owner(key, threadCount) == index)
                {
                    merged.ValueOf(key) += value;
                }
            }
        }

        var result = default(Checksum);
        for (var slot = 0; slot < merged.SlotCount; slot++)
        {
            if (merged.TryGetSlot(slot, out var key, out var value))
            {
                result = result.With(KeyedRows.Check(key, value));
            }
        }

        return result;
    }

    private static Checksum Group(PairList[] shares, int keyCount)
    {
        var total = shares.Sum(share => share.Count);
        using var numbers = new LongTable(Math.Min(keyCount, total));
        var owners = ArrayPool<int>.Shared.Rent(total);
        var starts = new int[Math.Min(keyCount, total) + 2];
        var keys = new long[starts.Length];
        var (keyTotal, position) = (0, 0);
        foreach (var share in shares)
        {
            for (var i = 0; i < share.Count; i++)
            {
                if (i + Block / 8 < share.Count)
                {
                    numbers.FetchAhead(share.Keys[i + (Block / 8)]);
                }

                ref var number = ref numbers.ValueOf(share.Keys[i]);
                if (number == 0)
                {
                    keys[keyTotal] = share.Keys[i];
                    number = ++keyTotal;
                }

                owners[position++] = (int)number - 1;
                starts[number]++;
            }
        }

        for (var i = 1; i <= keyTotal; i++)
        {
            starts[i] += starts[i - 1];
        }

        var next = starts.AsSpan(0, keyTotal).ToArray();
        var values = ArrayPool<long>.Shared.Rent(total);
        position = 0;
        foreach (var share in shares)
        {
            foreach (var value in share.Values.AsSpan(0, share.Count))
            {
                values[next[owners[position++]]++] = value;
            }
        }

        var result = default(Checksum);
        for (var i = 0; i < keyTotal; i++)
        {
            result = result.With(CheckOf(keys[i], values.AsSpan(starts[i]..starts[i + 1])));
        }

        ArrayPool<int>.Shared.Return(owners);
        ArrayPool<long>.Shared.Return(values);
        return result;
    }

    private sealed class PairList(int capacity)
    {
        public long[] Keys = ArrayPool<long>.Shared.Rent(capacity);
        public long[] Values = ArrayPool<long>.Shared.Rent(capacity);
        public int Count;

        public void Add(long key, long value)
        {
            if (Count == Keys.Length)
            {
                Array.Resize(ref Keys, Count * 2);
                Array.Resize(ref Values, Count * 2);
            }

            Keys[Count] = key;
            Values[Count++] = value;
        }

        public void Return()
        {
            ArrayPool<long>.Shared.Return(Keys);
            ArrayPool<long>.Shared.Return(Values);
        }
    }
}
