namespace Dpark.Baselines;

/// <summary>A hash join by hand: each thread builds the table of its share of the small side's keys, then each probes with its share of the large side.</summary>
public static class JoinBaseline
{
    private const int Block = 256;

    /// <summary>What the small side has for a key; not 0.</summary>
    public static long LeftOf(long key) => (key * 3) + 1;

    /// <summary>What a joined row adds to the checksum.</summary>
    public static ulong CheckOf(long key, long left, long right) => KeyedRows.Check(key, (left << 20) + right);

    /// <summary>Joins <paramref name="keyCount"/> rows of unique keys with <paramref name="rowCount"/> rows.</summary>
    public static Checksum Join(int keyCount, long rowCount, int threadCount)
    {
        var tables = new LongTable[threadCount];
        Threads.Run(threadCount, index =>
        {
            var table = tables[index] = new LongTable((keyCount / threadCount) + 1);
            for (var key = (long)index; key < keyCount; key += threadCount)
            {
                table.ValueOf(key) = LeftOf(key);
            }
        });
        var parts = new Checksum[threadCount];
        Threads.Run(threadCount, index =>
            parts[index] = Probe(tables, rowCount * index / threadCount, rowCount * (index + 1) / threadCount, keyCount));
        Array.ForEach(tables, table => table.Dispose());
        return parts.Aggregate(default(Checksum), (sum, part) => sum.With(part));
    }

    private static Checksum Probe(LongTable[] tables, long start, long end, int keyCount)
    {
        Span<long> keys = stackalloc long[Block];
        var result = default(Checksum);
        for (var row = start; row < end; row += Block)
        {
            var count = (int)Math.Min(Block, end - row);
            for (var i = 0; i < count; i++)
            {
                keys[i] = KeyedRows.KeyOf(row + i, keyCount);
                tables[(uint)keys[i] % (uint)tables.Length].FetchAhead(keys[i]);
            }

            for (var i = 0; i < count; i++)
            {
                if (tables[(uint)keys[i] % (uint)tables.Length].TryGet(keys[i], out var left))
                {
                    result = result.With(CheckOf(keys[i], left, KeyedRows.ValueOf(row + i)));
                }
            }
        }

        return result;
    }
}
