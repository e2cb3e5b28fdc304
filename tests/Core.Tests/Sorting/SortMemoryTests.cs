using System.Security.Cryptography;
using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>Counts the pages of the process, which other tests take, too.</summary>
[CollectionDefinition("Pages", DisableParallelization = true)]
public sealed class PagesCollection;

/// <summary>What sorts of slices hold, beside what they say that they hold; and that all of it goes back.</summary>
[Collection("Pages")]
public sealed class SortMemoryTests : IDisposable
{
    private const int Mebi = 1 << 20;
    private const int MapCount = 4;
    private const int RecordBytes = 100;
    private const int KeyBytes = 10;
    private const int Limit = 16 * Mebi;

    // Small blocks and the last chunk, which one batch may open.
    private const int Slack = 4 * Mebi;

    private readonly ShuffleRig _rig = new(options => options.SpillThresholdBytes = Limit);

    public SortMemoryTests()
    {
        // What earlier tests have left to finalizers.
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(15_000, false)]
    [InlineData(100_000, true)]
    public void ReadSorted_Records_HoldsNoMoreThanItCounts(int recordsPerMap, bool spills)
    {
        WriteMaps(recordsPerMap, _ => RecordBytes);
        var before = PagePool.Shared.RentedBytes;
        var context = _rig.NewContext();
        var (uncounted, most, count) = (0L, 0L, 0);
        using (var reader = _rig.Store.ReadSorted<ByteSlice, ByteSlice>(_rig.Shuffle, 0, Key, null, false, context))
        {
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                Look();
                count += batch.Length;
            }
        }

        Assert.Equal(MapCount * recordsPerMap, count);
        Assert.Equal(spills, context.Metrics.SpilledBytes > 0);
        Assert.InRange(most, MapCount * (long)RecordBytes * Math.Min(recordsPerMap, 20_000), Limit + Slack);
        Assert.InRange(uncounted, 0, Slack);
        Assert.Equal(before, PagePool.Shared.RentedBytes);
        Assert.Equal(0, context.Memory.HeldBytes);

        ByteSlice Key(ByteSlice record)
        {
            Look();
            return record[..KeyBytes];
        }

        void Look()
        {
            var rented = PagePool.Shared.RentedBytes - before;
            most = Math.Max(most, rented);
            uncounted = Math.Max(uncounted, rented - context.Memory.HeldBytes);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadSorted_EndsInTheMiddle_ReturnsAllPages(bool isCancelled)
    {
        WriteMaps(100_000, _ => RecordBytes);
        var before = PagePool.Shared.RentedBytes;
        using var cancellation = new CancellationTokenSource();
        var context = _rig.NewContext(cancellationToken: cancellation.Token);
        var calls = 0;

        Assert.ThrowsAny<Exception>(() =>
        {
            using var reader = _rig.Store.ReadSorted<ByteSlice, ByteSlice>(_rig.Shuffle, 0, Key, null, false, context);
            ShuffleRig.ReadAll(reader);
        });

        Assert.InRange(calls, 300_000, MapCount * 100_000);
        Assert.True(context.Metrics.SpilledBytes > 0);
        Assert.Equal(before, PagePool.Shared.RentedBytes);
        Assert.Equal(0, context.Memory.HeldBytes);

        ByteSlice Key(ByteSlice record)
        {
            if (++calls == 300_000 && isCancelled)
            {
                cancellation.Cancel();
            }

            return calls == 300_000 && !isCancelled ? throw new InvalidDataException("a key of the test") : record[..KeyBytes];
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadSorted_RecordsOfAllSizes_AsLinq(bool isDescending)
    {
        var records = WriteMaps(3000, index => index % 1000 == 7 ? 3 * Mebi : index % 50 == 3 ? 0 : index * 31 % 300);
        var before = PagePool.Shared.RentedBytes;
        var context = _rig.NewContext();
        var found = new List<string>();
        using (var reader = _rig.Store.ReadSorted<ByteSlice, ByteSlice>(_rig.Shuffle, 0, Key, null, isDescending, context))
        {
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                foreach (var record in batch)
                {
                    found.Add(Name(record.Span));
                }
            }
        }

        var order = DefaultOrder<ByteSlice>.Comparer;
        var expected = isDescending
            ? records.OrderByDescending(record => Key(ByteSlice.CopyOf(record)), order)
            : records.OrderBy(record => Key(ByteSlice.CopyOf(record)), order);
        Assert.Equal(expected.Select(record => Name(record)), found);
        Assert.True(context.Metrics.SpilledBytes > 0);
        Assert.Equal(before, PagePool.Shared.RentedBytes);

        static ByteSlice Key(ByteSlice record) => record[..Math.Min(record.Length, 2)];

        static string Name(ReadOnlySpan<byte> record) => $"{record.Length} bytes {Convert.ToHexString(SHA256.HashData(record))}";
    }

    private List<byte[]> WriteMaps(int recordsPerMap, Func<int, int> length)
    {
        var random = new Random(1);
        var all = new List<byte[]>();
        for (var map = 0; map < MapCount; map++)
        {
            var records = Enumerable.Range(0, recordsPerMap).Select(index => NewRecord(random, length(index))).ToArray();
            var number = map;
            _rig.Write<long, ByteSlice, ByteSlice>(
                map, records.Select(record => (BucketPartitioner.KeyOf(0, number), ByteSlice.CopyOf(record))), new BucketPartitioner(1), aggregator: null);
            all.AddRange(records);
        }

        return all;
    }

    private static byte[] NewRecord(Random random, int length)
    {
        var record = new byte[length];
        random.NextBytes(record.AsSpan(0, Math.Min(length, 20)));
        return record;
    }
}
