using Dpark.Accumulators;
using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Tests.Process.Clusters;
using Dpark.Workers;

namespace Dpark.Tests.Process;

/// <summary>Processes of a cluster are killed at exact points of a job, by whichever task comes there first; the results are those of one thread without faults.</summary>
public sealed class ClusterFaultTests(FaultCluster faults) : IClassFixture<FaultCluster>
{
    private const int ElementCount = 30_000;
    private const int KeyCount = 1_000;
    private const int MapCount = 9;
    private const int ReduceCount = 6;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Where a process is killed, as the job names it.</summary>
    public enum Point
    {
        /// <summary>A map task reads its input.</summary>
        Map,

        /// <summary>A map task has records of its shuffle in hand and merges another one.</summary>
        ShuffleWrite,

        /// <summary>A reduce task has some map outputs and waits for others.</summary>
        Fetch,

        /// <summary>A result task passes its results on.</summary>
        Reduce,
    }

    [RedisTheory]
    [InlineData(Point.Map)]
    [InlineData(Point.ShuffleWrite)]
    [InlineData(Point.Fetch)]
    [InlineData(Point.Reduce)]
    public async Task Job_WorkerKilledAtAPoint_IsRight(Point point)
    {
        await faults.WholeAsync();
        var tokens = faults.NewTokens();
        tokens.Put(point.ToString(), Signal.Kill);
        await using var dpark = await faults.Cluster.ConnectAsync();

        var sums = await SumsAsync(dpark, tokens);

        AssertRight(sums);
        Assert.True(tokens.IsTaken(point.ToString()), $"No task came to {point}.");
    }

    [RedisFact]
    public async Task Job_AnotherWorkerKilledWhileItsMapOutputsAreFetched_IsRight()
    {
        var silos = await faults.WholeAsync();
        var tokens = faults.NewTokens();
        tokens.Put(nameof(Point.Fetch), Signal.Kill, silos[1].ProcessId);
        await using var dpark = await faults.Cluster.ConnectAsync();

        var sums = await SumsAsync(dpark, tokens);

        AssertRight(sums);
        Assert.NotEqual(0, await silos[1].WaitForExitAsync());
    }

    [RedisFact]
    public async Task Job_TwoOfThreeWorkersKilledOneAfterTheOther_IsRight()
    {
        var silos = await faults.WholeAsync();
        var tokens = faults.NewTokens();
        tokens.Put(nameof(Point.Map), Signal.Kill, silos[0].ProcessId);
        tokens.Put(nameof(Point.Reduce), Signal.Kill, silos[1].ProcessId);
        await using var dpark = await faults.Cluster.ConnectAsync(sparesLastWorker: false);

        var sums = await SumsAsync(dpark, tokens);

        AssertRight(sums);
        Assert.NotEqual(0, await silos[0].WaitForExitAsync());
        Assert.NotEqual(0, await silos[1].WaitForExitAsync());
    }

    [RedisFact]
    public async Task Job_TwoOfThreeWorkersKilledUnderTheSameTask_IsRightOnTheThird()
    {
        var silos = await faults.WholeAsync();
        var tokens = faults.NewTokens();
        tokens.Put("first", Signal.Kill);
        tokens.Put("second", Signal.Kill);
        await using var dpark = await faults.Cluster.ConnectAsync();

        // The first attempt takes one token, the second one the other; the third finds none.
        var sum = await dpark.Range(0, ElementCount, MapCount)
            .Map(n => Meet(tokens, tokens.IsTaken("first") ? "second" : "first", n == ElementCount / 2, n))
            .ReduceAsync((a, b) => a + b)
            .WaitAsync(Limit);
        await dpark.DisposeAsync();

        Assert.Equal(Enumerable.Range(0, ElementCount).Sum(n => (long)n), sum);
        Assert.True(tokens.IsTaken("first") && tokens.IsTaken("second"));
        var last = Assert.Single(silos, silo => !silo.HasExited);

        // Its helper goes with the application.
        await last.UntilLogAsync("which was started for tasks that may kill theirs, has ended by exit code 0");
    }

    [RedisFact]
    public async Task Job_SiloOfTheMasterKilled_IsRightAndTheNextOneToo()
    {
        await faults.WholeAsync();
        await using var dpark = await faults.Cluster.ConnectAsync();
        var master = await faults.FindAsync<IMasterGrain>(IMasterGrain.Key);
        var tokens = faults.NewTokens();
        tokens.Put(nameof(Point.Map), Signal.Kill, master.ProcessId);

        AssertRight(await SumsAsync(dpark, tokens));
        AssertRight(await SumsAsync(dpark, tokens));
        Assert.NotEqual(0, await master.WaitForExitAsync());
    }

    [RedisFact]
    public async Task Job_GatewayOfTheDriverKilled_GoesOnThroughAnother()
    {
        var silos = await faults.WholeAsync();
        var tokens = faults.NewTokens();
        tokens.Put(nameof(Point.Map), Signal.Kill, silos[0].ProcessId);
        var options = faults.Cluster.NewOptions();
        options.Redis = null;
        options.Gateways.Add(silos[0].Gateway);
        options.Gateways.Add(silos[1].Gateway);
        await using var dpark = await ChildCluster.ConnectAsync(options);

        AssertRight(await SumsAsync(dpark, tokens));
        Assert.NotEqual(0, await silos[0].WaitForExitAsync());
    }

    [RedisFact]
    public async Task CachedPartitions_WorkerKilledWhileItComputesThemAndAnotherAfterwards_AreRight()
    {
        var silos = await faults.WholeAsync();
        var tokens = faults.NewTokens();
        tokens.Put("while caching", Signal.Kill);
        await using var dpark = await faults.Cluster.ConnectAsync(sparesLastWorker: false);
        var cached = dpark.Range(0, ElementCount, MapCount).Map(n => Meet(tokens, "while caching", n == ElementCount / 2, n * n)).Cache();

        Assert.Equal(ElementCount, await cached.CountAsync().WaitAsync(Limit));
        silos.First(silo => !silo.HasExited).Send(Signal.Kill);

        Assert.Equal(Enumerable.Range(0, ElementCount).Sum(n => (long)n * n), await cached.ReduceAsync((a, b) => a + b).WaitAsync(Limit));
    }

    [RedisFact]
    public async Task CachedPartitions_KeptTwiceAndAHolderKilled_AreReadFromTheCopies()
    {
        var silos = await faults.WholeAsync();
        await using var dpark = await faults.Cluster.ConnectAsync();
        var computed = dpark.LongAccumulator();
        var cached = dpark.Range(0, ElementCount, MapCount).Map(n => Square(computed, n)).Persist(StorageLevel.MemoryTwice);
        Assert.Equal(ElementCount, await cached.CountAsync().WaitAsync(Limit));

        await silos[1].KillAsync();

        Assert.Equal(Enumerable.Range(0, ElementCount).Sum(n => (long)n * n), await cached.ReduceAsync((a, b) => a + b).WaitAsync(Limit));
        Assert.Equal(ElementCount, computed.Value);
    }

    [RedisFact]
    public async Task Broadcast_WorkersKilledWhileItIsFetched_IsRight()
    {
        var silos = await faults.WholeAsync();
        var tokens = faults.NewTokens();
        tokens.Put("first", Signal.Kill);
        tokens.Put("second", Signal.Kill, silos[2].ProcessId);
        var table = Enumerable.Range(0, 500_000).ToArray();
        await using var dpark = await faults.Cluster.ConnectAsync(sparesLastWorker: false);

        var sum = await dpark.Range(0, 60, 12)
            .Map(n => Meet(tokens, n < 30 ? "first" : "second", n is 10 or 50, table[n * 1000]))
            .ReduceAsync((a, b) => a + b).WaitAsync(Limit);

        Assert.Equal(Enumerable.Range(0, 60).Sum(n => n * 1000), sum);
        Assert.True(tokens.IsTaken("first") && tokens.IsTaken("second"));
    }

    [RedisFact]
    public async Task Job_SiloAskedToEndWhileItRuns_IsRightAndTheSiloEndsInOrder()
    {
        var silos = await faults.WholeAsync();
        var tokens = faults.NewTokens();
        tokens.Put(nameof(Point.Map), Signal.Terminate, silos[1].ProcessId);
        await using var dpark = await faults.Cluster.ConnectAsync();

        AssertRight(await SumsAsync(dpark, tokens));

        var code = await silos[1].WaitForExitAsync();
        Assert.True(code == 0, $"Exit code {code}. Log: {silos[1].Log}");
    }

    private async Task<(long Key, long Sum)[]> SumsAsync(DparkContext dpark, Tokens tokens)
    {
        try
        {
            return await dpark.Range(0, ElementCount, MapCount)
                .Map(n => (Key: Meet(tokens, nameof(Point.Map), n == ElementCount / 2, n % KeyCount), Value: n))
                .CombineByKey(
                    n => n,
                    (sum, n) => sum + Meet(tokens, nameof(Point.ShuffleWrite), n % KeyCount == 77, n),
                    (a, b) => a + Meet(tokens, nameof(Point.Fetch), a % KeyCount == 33 || b % 100 == 11, b),
                    ReduceCount)
                .Map(pair => (pair.Key, Sum: Meet(tokens, nameof(Point.Reduce), pair.Key == 55, pair.Value)))
                .CollectAsync()
                .WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The job did not end within {Limit}. {faults.Cluster.Logs()}");
        }
    }

    private static void AssertRight((long Key, long Sum)[] sums) => Assert.Equal(
        Enumerable.Range(0, ElementCount).GroupBy(n => (long)n % KeyCount, (key, all) => (key, all.Sum(n => (long)n))).Order(),
        sums.Order());

    private static long Square(Accumulator<long, long> computed, long value)
    {
        computed.Add(1);
        return value * value;
    }

    /// <summary>Has the fault of a point if it is there, and passes a value on.</summary>
    private static long Meet(Tokens tokens, string name, bool isThere, long value)
    {
        if (isThere)
        {
            tokens.Take(name);
        }

        return value;
    }
}
