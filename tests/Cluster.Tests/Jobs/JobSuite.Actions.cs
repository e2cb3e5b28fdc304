using Dpark.Rdds;

namespace Dpark.Jobs;

public abstract partial class JobSuite
{
    [Fact]
    public async Task Actions_AsLinq()
    {
        var rdd = Context.Parallelize(Numbers, 6);

        Assert.Equal(Numbers.Length, await rdd.CountAsync());
        Assert.Equal(Numbers.Sum(), await rdd.ReduceAsync((a, b) => a + b));
        Assert.Equal(Numbers.Sum(), await rdd.FoldAsync(0, (a, b) => a + b));
        Assert.Equal(Numbers.Take(123), await rdd.TakeAsync(123));
        Assert.Equal(Numbers.OrderDescending().Take(5), await rdd.TopAsync(5));
        Assert.Equal(Numbers[0], await rdd.FirstAsync());
        Assert.Equal(Numbers.Where(n => n > 1000).Order(), (await rdd.Filter(n => n > 1000).CollectAsync()).Order());
        Assert.Equal(Numbers.Count(n => n % 50 == 7), (await Context.Parallelize(Numbers.Select(n => n % 50), 3).CountByValueAsync())[7]);
    }

    [Fact]
    public async Task CollectAsMapAndLookup_AsLinq()
    {
        var rdd = Context.Parallelize(Names, 3);

        Assert.Equal(Names.ToDictionary(), await rdd.CollectAsMapAsync());
        Assert.Equal(["name 25"], await rdd.PartitionByKey(4).LookupAsync("k25"));
    }

    [Fact]
    public async Task AwaitForEach_StreamsInOrder()
    {
        List<int> seen = [];

        await foreach (var number in Context.Parallelize(Numbers, 9))
        {
            seen.Add(number);
        }

        Assert.Equal(Numbers, seen);
    }

    [Fact]
    public async Task AwaitForEach_LeftEarly_EndsTheJob()
    {
        List<int> seen = [];

        await foreach (var number in Context.Parallelize(Numbers, 9).StreamAsync(maxConcurrentPartitions: 2))
        {
            seen.Add(number);
            if (seen.Count == 200)
            {
                break;
            }
        }

        Assert.Equal(Numbers.Take(200), seen);
        Assert.Equal(Numbers.Length, await Context.Parallelize(Numbers, 9).CountAsync());
    }

    [Fact]
    public async Task SaveAsTextFile_ThenTextFile_SameLines()
    {
        var directory = Directory.CreateTempSubdirectory("dpark-save-").FullName;
        try
        {
            var target = Path.Combine(directory, "out");

            await Context.Parallelize(Numbers, 3).Map(n => $"line {n}").SaveAsTextFileAsync(target);

            Assert.Equal(["part-00000", "part-00001", "part-00002"], Directory.GetFiles(target, "part-*").Select(Path.GetFileName).Order());
            Assert.Equal(Numbers.Select(n => $"line {n}"), await Context.TextFile(target).CollectAsync());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Cancelled_BeforeStart_Throws()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Context.Parallelize(Numbers, 3).CountAsync(cancellation.Token));
    }
}
