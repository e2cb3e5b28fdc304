using Dpark.Rdds;
using Dpark.TestKit.Rdds;

namespace Dpark.Jobs;

/// <summary>Where a suite runs its jobs. One per test class; every context is an application of its own.</summary>
public abstract class JobEngine : IAsyncLifetime
{
    /// <summary>Whether tasks run on workers, are retried, and can be cancelled while they run.</summary>
    public virtual bool HasWorkers => true;

    public abstract Task InitializeAsync();

    public abstract Task DisposeAsync();

    /// <summary>A context of its own for one test.</summary>
    public abstract Task<IRddContext> NewContextAsync();
}

/// <summary>Tasks in the calling thread, programs and partitions through bytes.</summary>
public sealed class InlineEngine : JobEngine
{
    public override bool HasWorkers => false;

    public override Task InitializeAsync() => Task.CompletedTask;

    public override Task DisposeAsync() => Task.CompletedTask;

    public override Task<IRddContext> NewContextAsync() => Task.FromResult<IRddContext>(new InlineRddContext());
}

/// <summary>A silo in this process, behind <c>LocalAsync</c>.</summary>
public sealed class LocalEngine : JobEngine
{
    public override Task InitializeAsync() => Task.CompletedTask;

    public override Task DisposeAsync() => Task.CompletedTask;

    public override async Task<IRddContext> NewContextAsync() => await DparkContext.LocalAsync(new LocalOptions { SlotCount = 2 });
}

/// <summary>A test cluster of three silos.</summary>
public sealed class ClusterEngine : JobEngine
{
    private JobCluster? _cluster;

    public override async Task InitializeAsync() => _cluster = await JobCluster.StartAsync();

    public override async Task DisposeAsync() => await _cluster!.DisposeAsync();

    public override async Task<IRddContext> NewContextAsync()
    {
        var context = _cluster!.NewContext();
        await context.StartAsync();
        return context;
    }
}
