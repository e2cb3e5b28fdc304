using Dpark.Rdds;
using Dpark.Rdds.Sources;
using Dpark.Text;

namespace Dpark.Jobs;

// Texts that are parts of a read buffer, by every way that the engine keeps elements. The file is read through the buffer several times.
public abstract partial class JobSuite
{
    private static readonly string[] Lines =
        [.. Enumerable.Range(0, 12_000).Select(i => $"{(i * 7919) % 10_007} word{i % 313} and a longer one {i % 5}{new string('x', i % 61)}")];

    [Fact]
    public async Task Utf8TextFile_EveryWayToKeepElements_KeepsTheirBytes()
    {
        await using var text = await LinesFile.CreateAsync();
        var lines = text.Open(Context);
        var words = Lines.SelectMany(line => line.Split(' ')).ToArray();
        var counts = words.CountBy(word => word).ToDictionary();

        Assert.Equal(Lines, (await lines.CollectAsync()).Select(line => line.ToString()));
        Assert.Equal(counts, (await lines.FlatMap(line => line.Split(' ')).Map(word => (word, 1)).ReduceByKey((a, b) => a + b).CollectAsync()).ToDictionary(pair => pair.Key.ToString(), pair => pair.Value));
        Assert.Equal(counts.Count, await lines.FlatMap(line => line.SplitWhiteSpace()).Distinct().CountAsync());
        Assert.Equal(counts, (await lines.FlatMap(line => line.Split(' ')).CountByValueAsync()).ToDictionary(pair => pair.Key.ToString(), pair => (int)pair.Value));
        Assert.Equal(Lines.Max(StringComparer.Ordinal), (await lines.ReduceAsync((a, b) => a < b ? b : a)).ToString());
        Assert.Equal(Lines.OrderDescending(StringComparer.Ordinal).Take(5), (await lines.TopAsync(5)).Select(line => line.ToString()));
        Assert.Equal(Lines, (await lines.Glom().CollectAsync()).SelectMany(part => part).Select(line => line.ToString()));
        Assert.Equal(Lines, (await lines.MapPartitions(part => part.ToList()).CollectAsync()).Select(line => line.ToString()));
        Assert.Equal(Lines.Order(StringComparer.Ordinal), (await lines.SortBy(line => line).CollectAsync()).Select(line => line.ToString()));

        var cached = lines.Map(line => (line, line.Length)).Cache();
        Assert.Equal(Lines.Length, await cached.CountAsync());
        Assert.Equal(Lines, (await cached.CollectAsync()).Select(pair => pair.line.ToString()));
    }

    [Fact]
    public async Task Utf8TextFile_AsValues_KeepsTheirBytes()
    {
        await using var text = await LinesFile.CreateAsync();
        var lines = text.Open(Context).Map(line => (Key: line.Length, Value: line));
        var expected = Lines.GroupBy(line => line.Length).ToDictionary(group => group.Key, group => group.Order(StringComparer.Ordinal).ToArray());

        var groups = await lines.GroupByKey(3).CollectAsync();
        var longest = await lines.ReduceByKey((a, b) => a < b ? b : a).CollectAsync();
        var set = await text.Open(Context).AggregateAsync(new HashSet<Utf8Text>(), Add, Join);
        var joined = await lines.Join(lines.MapValues(line => line.Length)).Map(pair => pair.Value.Left.Length - pair.Value.Right).ReduceAsync((a, b) => Math.Max(a, b));

        Assert.Equal(expected, groups.ToDictionary(group => group.Key, group => group.Values.Select(line => line.ToString()).Order(StringComparer.Ordinal).ToArray()));
        Assert.Equal(expected.ToDictionary(group => group.Key, group => group.Value[^1]), longest.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()));
        AssertSame(Lines.Distinct(), set.Select(line => line.ToString()));
        Assert.Equal(0, joined);

        static HashSet<Utf8Text> Add(HashSet<Utf8Text> set, Utf8Text line)
        {
            set.Add(line);
            return set;
        }

        static HashSet<Utf8Text> Join(HashSet<Utf8Text> left, HashSet<Utf8Text> right)
        {
            left.UnionWith(right);
            return left;
        }
    }

    [Fact]
    public async Task Utf8TextFile_LineKeptWithoutACopy_FailsTheJob()
    {
        await using var text = await LinesFile.CreateAsync();
        var lines = text.Open(Context);

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => lines.AggregateAsync(0L, Keeper.Add, (a, b) => a + b));

        Assert.Contains("Keep()", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BinaryRecords_SortedAndSaved_AreInOrderAndWhole()
    {
        const int recordBytes = 20;
        var records = Enumerable.Range(0, 20_000).Select(i => System.Text.Encoding.ASCII.GetBytes($"{(i * 7919) % 20_011:0000000000}{i:0000000000}")).ToArray();
        var directory = Directory.CreateTempSubdirectory("dpark-records-");
        try
        {
            var input = Path.Combine(directory.FullName, "records");
            await File.WriteAllBytesAsync(input, [.. records.SelectMany(record => record)]);
            var rdd = Context.BinaryRecords(input, recordBytes, new TextFileOptions { PartitionBytes = 70_001 });

            var saved = await rdd.SortBy(record => record[..10], isDescending: true, partitionCount: 3).SaveAsBinaryFileAsync(Path.Combine(directory.FullName, "sorted"));

            Assert.Equal(3, saved.Length);
            Assert.Equal(6, rdd.Partitions.Count);
            Assert.Equal(records.OrderByDescending(record => Convert.ToHexString(record.AsSpan(0, 10)), StringComparer.Ordinal).SelectMany(record => record), saved.SelectMany(File.ReadAllBytes));
            Assert.Equal(records.Length, await rdd.CountAsync());
            await Assert.ThrowsAsync<InvalidDataException>(() => Context.BinaryRecords(input, 7).CountAsync());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static class Keeper
    {
        [ThreadStatic]
        private static Utf8Text s_first;

        public static long Add(long sum, Utf8Text line)
        {
            s_first = sum == 0 ? line : s_first;
            return sum + s_first.Span.Length;
        }
    }

    private sealed class LinesFile(string path) : IAsyncDisposable
    {
        public static async Task<LinesFile> CreateAsync()
        {
            var path = Path.GetTempFileName();
            await File.WriteAllLinesAsync(path, Lines);
            return new LinesFile(path);
        }

        public Rdd<Utf8Text> Open(IRddContext context) => context.Utf8TextFile(path, new TextFileOptions { PartitionBytes = 400 << 10 });

        public ValueTask DisposeAsync()
        {
            File.Delete(path);
            return default;
        }
    }
}
