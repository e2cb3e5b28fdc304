using Dpark.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Dpark.Driver;

/// <summary>A driver on a cluster of grains that do what the test says.</summary>
/// <param name="configure">Adds services of the client. <see langword="null"/>: none.</param>
public abstract class DriverTest(Action<IServiceCollection>? configure = null) : IAsyncDisposable, IAsyncLifetime
{
    private DparkContext? _context;

    private protected FakeCluster Cluster { get; } = new(configure);

    Task IAsyncLifetime.InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_context is not null)
        {
            await _context.DisposeAsync();
        }
    }

    private protected static async Task ReportNextAsync(FakeWorker worker, long element) =>
        worker.Report(Reports.Result((await worker.NextLaunchAsync()).Attempt, element));

    private protected static async Task AssertCollectedAsync<T>(T[] expected, Task<T[]> collected) => Assert.Equal(expected, await Wait.For(collected, "the job"));

    private protected DparkContext Context(Action<DparkClientOptions>? configure = null, bool isLocal = true)
    {
        var options = new DparkClientOptions();
        options.Scheduler.LaunchBackoff = TimeSpan.FromMilliseconds(1);
        configure?.Invoke(options);
        return _context = new DparkContext(Cluster.Client, options, isLocal);
    }
}
