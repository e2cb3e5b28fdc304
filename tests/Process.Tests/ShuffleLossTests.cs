using System.Diagnostics;
using Dpark.Jobs;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Tests.Process.Clusters;
using Xunit.Abstractions;

namespace Dpark.Tests.Process;

/// <summary>
/// What the loss of a worker in the middle of a shuffle costs. With <c>DPARK_LONG_TESTS=1</c> the shuffle has 1 GiB, and the time is held to its limit; else it is small, and only the
/// result is.
/// </summary>
public sealed class ShuffleLossTests(ITestOutputHelper output)
{
    private const int RecordBytes = 64;
    private const int MapCount = 48;
    private const int ReduceCount = 12;
    private const double MostTimes = 1.5;

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("DPARK_LONG_TESTS") == "1";
    private static readonly long s_recordCount = (s_isLong ? 1L << 30 : 32L << 20) / RecordBytes;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    [RedisFact]
    public async Task Shuffle_WorkerKilledHalfWay_CostsLessThanHalfBeyondItsDetection()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 3);
        var log = new LossLog();
        var options = cluster.NewOptions();
        options.Loggers = log;
        await using var dpark = await ChildCluster.ConnectAsync(options);

        // The first run pays for code that is compiled for the first time.
        await RunAsync(dpark);
        var before = await RunAsync(dpark);
        var halfWay = new HalfWay(() => cluster.Silos[1].Send(Signal.Kill));
        var subscription = dpark.Subscribe(halfWay);
        var disturbed = await RunAsync(dpark);
        subscription.Dispose();
        var detection = Stopwatch.GetElapsedTime(halfWay.ReachedAt, await log.Lost.WaitAsync(s_limit));

        Assert.NotEqual(0, await cluster.Silos[1].WaitForExitAsync());

        // A machine that does other things, too, is not as fast all the time.
        await cluster.AddSiloAsync();
        await RunAsync(dpark);
        var undisturbed = (before + await RunAsync(dpark)) / 2;
        var times = (disturbed - detection) / undisturbed;
        var text = $"{s_recordCount * RecordBytes >> 20} MiB: undisturbed {undisturbed.TotalSeconds:0.0} s, disturbed {disturbed.TotalSeconds:0.0} s, of which detection {detection.TotalSeconds:0.0} s; {times:0.00} times.";
        output.WriteLine(text);
        Assert.True(!s_isLong || times <= MostTimes, text);
    }

    private static async Task<TimeSpan> RunAsync(DparkContext dpark)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var sums = await dpark.Range(0, s_recordCount, MapCount)
            .Map(n => ((n * 7919) ^ (n >> 7), (n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6)))
            .PartitionByKey(ReduceCount)
            .MapPartitions(Sum)
            .CollectAsync()
            .WaitAsync(s_limit);
        var elapsed = Stopwatch.GetElapsedTime(startedAt);

        Assert.Equal(s_recordCount, sums.Sum(sum => sum.Count));
        Assert.Equal(s_recordCount * (s_recordCount - 1) / 2, sums.Sum(sum => sum.Total));
        return elapsed;
    }

    private static IEnumerable<(long Count, long Total)> Sum(IEnumerable<(long Key, (long, long, long, long, long, long, long) Value)> pairs)
    {
        var (count, total) = (0L, 0L);
        foreach (var pair in pairs)
        {
            count++;
            total += pair.Value.Item1;
        }

        yield return (count, total);
    }

    /// <summary>Does something once half of the map outputs are there.</summary>
    private sealed class HalfWay(Action act) : IJobListener
    {
        private bool _isReached;

        public long ReachedAt { get; private set; }

        public void OnStageProgress(StageProgress progress)
        {
            if (!_isReached && progress.TotalCount == MapCount && progress.DoneCount >= MapCount / 2)
            {
                _isReached = true;
                ReachedAt = Stopwatch.GetTimestamp();
                act();
            }
        }
    }
}
