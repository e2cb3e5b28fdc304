using Dpark.Jobs;
using Dpark.Rdds;

namespace Dpark.Tests.Rdds;

// DPark's own tests on real workers: on one in this process, and on a cluster of three. The tests are those of Core.Tests.

public sealed class LocalDparkRddTests(LocalEngine engine) : DparkRddTests, IClassFixture<LocalEngine>, IAsyncLifetime
{
    private readonly EngineContext _context = new(engine);

    protected override IRddContext Dpark => _context.Dpark;

    public Task InitializeAsync() => _context.StartAsync();

    public Task DisposeAsync() => _context.StopAsync();
}

public sealed class LocalDparkShuffleTests(LocalEngine engine) : DparkShuffleTests, IClassFixture<LocalEngine>, IAsyncLifetime
{
    private readonly EngineContext _context = new(engine);

    protected override IRddContext Dpark => _context.Dpark;

    public Task InitializeAsync() => _context.StartAsync();

    public Task DisposeAsync() => _context.StopAsync();
}

public sealed class LocalDparkTextFileTests(LocalEngine engine) : DparkTextFileTests, IClassFixture<LocalEngine>, IAsyncLifetime
{
    private readonly EngineContext _context = new(engine);

    protected override IRddContext Dpark => _context.Dpark;

    public Task InitializeAsync() => _context.StartAsync();

    public Task DisposeAsync() => _context.StopAsync();
}

public sealed class ClusterDparkRddTests(ClusterEngine engine) : DparkRddTests, IClassFixture<ClusterEngine>, IAsyncLifetime
{
    private readonly EngineContext _context = new(engine);

    protected override IRddContext Dpark => _context.Dpark;

    public Task InitializeAsync() => _context.StartAsync();

    public Task DisposeAsync() => _context.StopAsync();
}

public sealed class ClusterDparkShuffleTests(ClusterEngine engine) : DparkShuffleTests, IClassFixture<ClusterEngine>, IAsyncLifetime
{
    private readonly EngineContext _context = new(engine);

    protected override IRddContext Dpark => _context.Dpark;

    public Task InitializeAsync() => _context.StartAsync();

    public Task DisposeAsync() => _context.StopAsync();
}

public sealed class ClusterDparkTextFileTests(ClusterEngine engine) : DparkTextFileTests, IClassFixture<ClusterEngine>, IAsyncLifetime
{
    private readonly EngineContext _context = new(engine);

    protected override IRddContext Dpark => _context.Dpark;

    public Task InitializeAsync() => _context.StartAsync();

    public Task DisposeAsync() => _context.StopAsync();
}

/// <summary>The context of one test.</summary>
internal sealed class EngineContext(JobEngine engine)
{
    private IRddContext? _dpark;

    public IRddContext Dpark => _dpark ?? throw new InvalidOperationException("The test has not started.");

    public async Task StartAsync() => _dpark = await engine.NewContextAsync();

    public async Task StopAsync()
    {
        if (_dpark is IAsyncDisposable context)
        {
            await context.DisposeAsync();
        }
    }
}
