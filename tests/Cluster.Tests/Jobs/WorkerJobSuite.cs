using System.Runtime.CompilerServices;
using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Scheduling;

namespace Dpark.Jobs;

/// <summary>What only engines with workers do: retries, cancellation, large data, back-pressure.</summary>
public abstract class WorkerJobSuite(JobEngine engine) : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dpark-tokens-").FullName;
    private DparkContext? _context;

    private DparkContext Context => _context!;

    public async Task InitializeAsync() => _context = (DparkContext)await engine.NewContextAsync();

    public async Task DisposeAsync()
    {
        await Context.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task UserCodeThrows_TypeIsKnown_IsTheInnerExceptionWithItsState()
    {
        var order = 17;

        var thrown = await Assert.ThrowsAsync<JobFailedException>(
            () => Context.Parallelize([1, 2, 3], 3).Map(n => n == 2 ? throw new OrderException(order) : n).CollectAsync());

        Assert.Equal(17, Assert.IsType<OrderException>(thrown.InnerException).Order);
        Assert.Contains("Map at WorkerJobSuite.cs:", thrown.FailedOperator.ToString(), StringComparison.Ordinal);
        Assert.Equal((1, 3), (thrown.Attempt!.Value.PartitionIndex, thrown.Attempt.Value.Attempt));
        Assert.NotNull(thrown.Worker);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task UserCodeThrows_FewerTimesThanTheLimit_JobSucceeds(int faults)
    {
        var directory = _directory;
        for (var i = 0; i < faults; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(directory, $"fault-{i}"), "");
        }

        var sum = await Context.Parallelize(Enumerable.Range(0, 100), 4).Map(n => n == 60 ? FailWhileThereAreTokens(directory, n) : n).ReduceAsync((a, b) => a + b);

        Assert.Equal(4950, sum);
        Assert.Empty(Directory.GetFiles(directory, "fault-*"));
        Assert.Equal(faults + 1, Directory.GetFiles(directory, "attempt-*").Length);
    }

    [Fact]
    public async Task UserCodeThrows_AlwaysInOnePartition_IsTriedFourTimes()
    {
        var directory = _directory;

        await Assert.ThrowsAsync<JobFailedException>(() => Context.Parallelize([1, 2], 2).ForEachAsync(n =>
        {
            if (n == 2)
            {
                File.WriteAllText(Path.Combine(directory, $"attempt-{Guid.NewGuid():N}"), "");
                throw new OrderException(n);
            }
        }));

        Assert.Equal(4, Directory.GetFiles(directory, "attempt-*").Length);
    }

    [Fact]
    public async Task Cancelled_WhileTasksRun_SlotsAreFreeForTheNextJob()
    {
        using var cancellation = new CancellationTokenSource();
        var directory = _directory;
        var endless = Context.Range(0, long.MaxValue / 2, 8).Map(n => n == 0 ? Mark(directory, n) : n).CountAsync(cancellation.Token);
        await WaitForFileAsync(directory, "mark-0");

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.For(endless, "the cancelled job"));
        Assert.Equal(8, await Wait.For(Context.Range(0, 8, 8).CountAsync(), "the next job"));
    }

    [Fact]
    public async Task Streaming_SlowCaller_NoMoreThanTheWindowIsComputed()
    {
        var directory = _directory;
        var rdd = Context.Range(0, 40, 40).Map(n => Mark(directory, n));
        await using var elements = rdd.StreamAsync(maxConcurrentPartitions: 3).GetAsyncEnumerator();
        for (var i = 0; i < 10; i++)
        {
            Assert.True(await elements.MoveNextAsync());
        }

        // Other jobs run in between, so whatever was admitted has had its turn.
        await Context.Range(0, 40, 40).CountAsync();

        Assert.InRange(Directory.GetFiles(directory, "mark-*").Length, 10, 13);
    }

    [Theory]
    [InlineData(200_000)]
    [InlineData(3_000_000)]
    public async Task LargeResults_AreStreamedFromTheWorkers(int count)
    {
        var numbers = await Context.Range(0, count, 3).CollectAsync();

        Assert.Equal(count, numbers.Length);
        Assert.Equal((long)count * (count - 1) / 2, numbers.Sum());
        Assert.Equal(count - 1, numbers[^1]);
    }

    [Fact]
    public async Task LargeCapture_TravelsOncePerWorker()
    {
        var table = Enumerable.Range(0, 100_000).ToArray();

        var seen = await Context.Range(0, 60, 60).Map(n => (table[n * 1000], RuntimeHelpers.GetHashCode(table), Environment.ProcessId)).CollectAsync();

        Assert.Equal(Enumerable.Range(0, 60).Select(n => n * 1000), seen.Select(row => row.Item1));
        Assert.InRange(seen.Select(row => row.Item2).Distinct().Count(), 1, 3);
        Assert.DoesNotContain(RuntimeHelpers.GetHashCode(table), seen.Select(row => row.Item2));
    }

    [Fact]
    public async Task ManyJobsAtOnce_AreAllRight()
    {
        var pairs = Context.Range(0, 1000, 4).Map(n => (n % 10, 1L)).ReduceByKey((a, b) => a + b, 3);

        var counts = await Wait.For(Task.WhenAll(Enumerable.Range(0, 30).Select(i => pairs.MapValues(v => v * i).Values().ReduceAsync((a, b) => a + b))), "30 jobs");

        Assert.Equal(Enumerable.Range(0, 30).Select(i => 1000L * i), counts);
    }

    [Fact]
    public async Task TwoContextsAtOnce_DoNotMix()
    {
        await using var other = (DparkContext)await engine.NewContextAsync();

        var sums = await Task.WhenAll(
            Context.Range(0, 100, 4).Map(n => (n % 3, n)).ReduceByKey((a, b) => a + b, 2).Values().ReduceAsync((a, b) => a + b),
            other.Range(0, 200, 4).Map(n => (n % 3, n)).ReduceByKey((a, b) => a + b, 2).Values().ReduceAsync((a, b) => a + b));

        Assert.Equal([4950L, 19900L], sums);
        Assert.NotEqual(Context.Application, other.Application);
    }

    [Fact]
    public async Task Warnings_OfTasks_ReachTheListener()
    {
        var path = Path.Combine(_directory, "broken.txt");
        await File.WriteAllBytesAsync(path, [.. "good\n"u8, 0xFF, .. "bad\n"u8]);
        var listener = new SummaryListener();
        using var subscription = Context.Subscribe(listener);

        Assert.Equal(2, await Context.TextFile(path).CountAsync());

        var summary = Assert.Single(listener.Jobs);
        Assert.Contains("broken.txt", Assert.Single(summary.Warnings), StringComparison.Ordinal);
        Assert.Equal((JobOutcome.Succeeded, 10L), (summary.Outcome, summary.Metrics.InputBytes));
    }

    private static int FailWhileThereAreTokens(string directory, int value)
    {
        File.WriteAllText(Path.Combine(directory, $"attempt-{Guid.NewGuid():N}"), "");
        if (Directory.GetFiles(directory, "fault-*").FirstOrDefault() is { } token)
        {
            File.Delete(token);
            throw new IOException($"Fault {Path.GetFileName(token)}.");
        }

        return value;
    }

    private static long Mark(string directory, long value)
    {
        File.WriteAllText(Path.Combine(directory, $"mark-{value}"), "");
        return value;
    }

    private static async Task WaitForFileAsync(string directory, string name)
    {
        var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(directory, name);
        watcher.Created += (_, _) => created.TrySetResult();
        watcher.EnableRaisingEvents = true;
        if (File.Exists(Path.Combine(directory, name)))
        {
            created.TrySetResult();
        }

        await Wait.For(created.Task, $"waiting for {name}");
    }

    private sealed class SummaryListener : IJobListener
    {
        private readonly List<JobSummary> _jobs = [];

        public IReadOnlyList<JobSummary> Jobs
        {
            get
            {
                lock (_jobs)
                {
                    return [.. _jobs];
                }
            }
        }

        public void OnJobEnded(JobSummary job)
        {
            lock (_jobs)
            {
                _jobs.Add(job);
            }
        }
    }
}

/// <summary>An exception with state, as a user's program has them.</summary>
public sealed class OrderException(int order) : Exception($"Order {order} is wrong.")
{
    public int Order { get; } = order;
}

public sealed class LocalWorkerJobTests(LocalEngine engine) : WorkerJobSuite(engine), IClassFixture<LocalEngine>;

public sealed class ClusterWorkerJobTests(ClusterEngine engine) : WorkerJobSuite(engine), IClassFixture<ClusterEngine>;
