using System.Diagnostics;
using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Tests.Process.Clusters;
using Orleans.Runtime;

namespace Dpark.Tests.Process;

/// <summary>What becomes of a cluster when a process of it is silent, is gone, or comes back.</summary>
/// <remarks>With <c>DPARK_LONG_TESTS=1</c> a worker is stopped for a minute and Redis is gone for half of one.</remarks>
public sealed class ClusterLossTests
{
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("DPARK_LONG_TESTS") == "1";
    private static readonly TimeSpan s_stopped = TimeSpan.FromSeconds(s_isLong ? 60 : 8);
    private static readonly TimeSpan s_withoutRedis = TimeSpan.FromSeconds(s_isLong ? 30 : 6);
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    [RedisFact]
    public async Task Silo_Killed_IsDeclaredDeadWithinTheProbeTimeAndTwoSeconds()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 3);
        using var client = await ClusterClient.StartAsync(cluster);
        await client.UntilAsync(hosts => hosts.Count(host => host.Value == SiloStatus.Active) == 3);
        var victim = cluster.Silos[1];

        await victim.KillAsync();
        var killedAt = Stopwatch.GetTimestamp();
        await client.UntilAsync(hosts => hosts.Any(host => host.Key.Endpoint.Port == victim.Port && host.Value == SiloStatus.Dead));
        var elapsed = Stopwatch.GetElapsedTime(killedAt);

        var limit = ChildCluster.ProbeTime + TimeSpan.FromSeconds(2);
        Assert.True(elapsed < limit, $"The killed silo was declared dead after {elapsed}, later than {limit}. {cluster.Logs()}");
    }

    [RedisFact]
    public async Task Worker_StoppedAndContinued_EndsAndNothingOfItIsTaken()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 3);
        var tokens = new Tokens(cluster.PathOf("tokens"));

        // The stopped silo may be where the application's lease is kept. When it goes on, the lease is over for it, but not for the others.
        var options = cluster.NewOptions();
        options.Client.Lease = s_stopped / 2;
        await using var dpark = await ChildCluster.ConnectAsync(options);
        var sums = dpark.Range(0, 3_000, 9).Map(n => (Key: n % 100, Value: n)).ReduceByKey((a, b) => a + b, 6);
        Assert.Equal(100, await sums.CountAsync().WaitAsync(s_limit));
        var stopped = cluster.Silos[1];
        tokens.Put("stop", Signal.Stop, stopped.ProcessId);

        // The map outputs of the stopped worker are computed again, elsewhere.
        var stoppedAt = Stopwatch.GetTimestamp();
        var during = await sums.Map(pair => Meet(tokens, pair)).CollectAsync().WaitAsync(s_limit);
        var left = s_stopped - Stopwatch.GetElapsedTime(stoppedAt);
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        stopped.Send(Signal.Continue);
        var code = await stopped.WaitForExitAsync();
        var after = await sums.CollectAsync().WaitAsync(s_limit);

        var expected = Enumerable.Range(0, 3_000).GroupBy(n => (long)n % 100, (key, all) => (key, all.Sum(n => (long)n))).Order().ToArray();
        Assert.True(tokens.IsTaken("stop"));
        Assert.Equal(expected, during.Order());
        Assert.Equal(expected, after.Order());
        Assert.True(code != 0, $"A silo that was declared dead ended with exit code 0. {stopped.Log}");
    }

    [RedisFact]
    public async Task Redis_GoneAndBack_JobsGoOnAndSilosJoinAgain()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 2);
        await using var dpark = await cluster.ConnectAsync();
        Assert.Equal(1_000, await dpark.Range(0, 1_000, 4).CountAsync().WaitAsync(s_limit));

        await cluster.Redis.StopAsync();
        var stoppedAt = Stopwatch.GetTimestamp();
        do
        {
            Assert.Equal(50, await dpark.Range(0, 1_000, 4).Map(n => (n % 50, n)).ReduceByKey((a, b) => a + b).CountAsync().WaitAsync(s_limit));
        }
        while (Stopwatch.GetElapsedTime(stoppedAt) < s_withoutRedis);

        await cluster.Redis.StartAgainAsync();
        await cluster.AddSiloAsync();
        await cluster.Silos[0].KillAsync();

        Assert.Equal(1_000, await dpark.Range(0, 1_000, 12).CountAsync().WaitAsync(s_limit));
        await using var another = await cluster.ConnectAsync();
        Assert.Equal(1_000, await another.Range(0, 1_000, 12).CountAsync().WaitAsync(s_limit));
    }

    [RedisFact]
    public async Task Driver_Killed_ItsTasksStopAndItsFilesGo()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 2);
        using var driver = DriverProgram.Start(cluster, lease: TimeSpan.FromSeconds(3));
        await driver.UntilTasksRunAsync();
        Assert.NotEmpty(Enumerable.Range(0, 2).SelectMany(cluster.FilesOf));

        driver.Kill();
        await cluster.UntilNoFilesAsync(s_limit);

        Assert.All(cluster.Silos, silo => Assert.False(silo.HasExited));
        await using var dpark = await cluster.ConnectAsync();
        Assert.Equal(1_000, await dpark.Range(0, 1_000, 8).CountAsync().WaitAsync(s_limit));
    }

    [RedisFact]
    public async Task Driver_KilledWhileItSaves_DirectoryIsRefusedUntilAnotherJobFillsIt()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 2);
        var target = cluster.PathOf("saved");
        using (var driver = DriverProgram.StartSaving(cluster, TimeSpan.FromSeconds(3), target))
        {
            await driver.UntilTasksRunAsync();
            driver.Kill();
        }

        await using var dpark = await cluster.ConnectAsync();
        var partial = await Assert.ThrowsAsync<IOException>(() => dpark.TextFile(target).CountAsync());
        await Assert.ThrowsAsync<IOException>(() => dpark.Range(0, 10, 2).SaveAsTextFileAsync(target));
        await dpark.Range(0, 10, 2).SaveAsTextFileAsync(target, overwrite: true).WaitAsync(s_limit);

        Assert.StartsWith($"The files of {target} are not all there", partial.Message, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"{n}"), await dpark.TextFile(target).CollectAsync().WaitAsync(s_limit));
        Assert.Equal(["_SUCCESS", "part-00000", "part-00001"], Directory.GetFileSystemEntries(target).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [RedisFact]
    public async Task Worker_RestartedAtItsAddressWithItsDirectory_NothingOfItsEarlierLifeIsServed()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 2);
        await using var dpark = await cluster.ConnectAsync();
        var sums = dpark.Range(0, 3_000, 9).Map(n => (Key: n % 100, Value: n)).ReduceByKey((a, b) => a + b, 6);
        var cached = dpark.Range(0, 3_000, 9).Map(n => n * 2).Persist(StorageLevel.Disk);
        Assert.Equal(100, await sums.CountAsync().WaitAsync(s_limit));
        Assert.Equal(3_000, await cached.CountAsync().WaitAsync(s_limit));

        var restarted = await cluster.RestartSiloAsync(1);
        var expected = Enumerable.Range(0, 3_000).GroupBy(n => (long)n % 100, (key, all) => (key, all.Sum(n => (long)n))).Order();
        Assert.Equal(expected, (await sums.CollectAsync().WaitAsync(s_limit)).Order());
        Assert.Equal(Enumerable.Range(0, 3_000).Select(n => n * 2L), await cached.CollectAsync().WaitAsync(s_limit));
        Assert.False(restarted.HasExited, restarted.Log);
    }

    private static (long Key, long Value) Meet(Tokens tokens, (long Key, long Value) pair)
    {
        tokens.Take("stop");
        return pair;
    }
}
