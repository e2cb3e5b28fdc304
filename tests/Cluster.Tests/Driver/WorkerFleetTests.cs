using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace Dpark.Driver;

/// <summary>Whom the driver takes for lost when the master starts over.</summary>
public sealed class WorkerFleetTests : IAsyncDisposable, IAsyncLifetime
{
    // Stands still, so whatever the driver would wait for does not come.
    private readonly FakeCluster _cluster = new(services => services.AddSingleton<TimeProvider>(new ManualTimeProvider()));
    private DparkContext? _context;

    [Fact]
    public async Task MasterStartsOver_ItKnowsThatAWorkerIsDead_TheTaskRunsElsewhereAtOnce()
    {
        var lost = _cluster.AddWorker("w1");
        var collected = Context().Range(0, 1, sliceCount: 1).CollectAsync();
        await lost.NextLaunchAsync();
        var other = _cluster.AddWorker("w2");

        _cluster.Master.StartOver(gone: [lost.Info.Id], other.Info);

        other.Report(Reports.Result((await other.NextLaunchAsync()).Attempt, 5L));
        Assert.Equal(5L, Assert.Single(await Wait.For(collected, "the job")));
        Assert.Equal(2, _context!.DefaultParallelism);
    }

    Task IAsyncLifetime.InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        if (_context is not null)
        {
            await _context.DisposeAsync();
        }
    }

    private DparkContext Context()
    {
        var options = new DparkClientOptions();
        options.Scheduler.LaunchBackoff = TimeSpan.FromMilliseconds(1);
        return _context = new DparkContext(_cluster.Client, options, isLocal: true);
    }
}
