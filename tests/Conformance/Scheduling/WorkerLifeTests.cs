using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Scheduling;

/// <summary>A worker that tells of its end.</summary>
[Alias("conformance.IMortalWorkerGrain")]
public interface IMortalWorkerGrain : IGrainWithStringKey
{
    /// <summary>Passes the gate under the key of this grain, and names the worker.</summary>
    [Alias("Pass")]
    Task<Guid> PassAsync();

    [Alias("Deactivate")]
    Task<Guid> DeactivateAsync();
}

[GrainType("conformance.mortal-worker"), StatelessWorker(3)]
public sealed class MortalWorkerGrain : Grain, IMortalWorkerGrain
{
    private readonly Guid _activation = Guid.NewGuid();

    public async Task<Guid> PassAsync()
    {
        await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
        return _activation;
    }

    public Task<Guid> DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.FromResult(_activation);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString()).AppendAsync($"{_activation}");
}

/// <summary>Workers that are looked at every 200 ms.</summary>
public sealed class WorkerCluster : ClusterFixture
{
    protected override int SiloCount => 1;

    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<WorkerSilo>();

    public sealed class WorkerSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) =>
            siloBuilder.Configure<StatelessWorkerOptions>(options => options.IdleWorkersInspectionPeriod = TimeSpan.FromMilliseconds(200));
    }
}

public sealed class WorkerLifeTests(WorkerCluster cluster) : IClassFixture<WorkerCluster>
{
    [Fact]
    public async Task IdleWorkers_AfterTheLoad_AreRemoved()
    {
        var (worker, gate, journal) = Grains();
        Task<Guid>[] calls = [worker.PassAsync(), worker.PassAsync(), worker.PassAsync()];
        await gate.WaitForArrivalsAsync(3).Within("three workers at the gate");
        await gate.OpenAsync().Within("the gate");
        var workers = await Task.WhenAll(calls).Within("the three calls");

        Assert.Equal(3, workers.Distinct().Count());
        if (!Differences.IdleWorkersStay)
        {
            var removed = await journal.WaitForAsync(2).Within("the end of two idle workers");
            Assert.Subset(workers.Select(id => $"{id}").ToHashSet(), removed.ToHashSet());
        }
    }

    [Fact]
    public async Task DeactivateOnIdle_OfAWorker_EndsThatOneOnly()
    {
        var (worker, gate, journal) = Grains();
        var held = worker.PassAsync();
        await gate.WaitForArrivalsAsync(1).Within("a worker at the gate");

        var ended = await worker.DeactivateAsync().Within("the deactivation of another worker");
        var entries = await journal.WaitForEntryAsync($"{ended}").Within("the end of that worker");
        var isHeld = !held.IsCompleted;
        await gate.OpenAsync().Within("the gate");
        var other = await held.Within("the call at the gate");

        Assert.True(isHeld, "The worker at the gate was let go.");
        Assert.Equal([$"{ended}"], entries);
        Assert.NotEqual(ended, other);
    }

    [Fact]
    public async Task GetActivationAddress_OfWorkers_IsRefused()
    {
        var (worker, gate, _) = Grains();
        await gate.OpenAsync().Within("the gate");
        await worker.PassAsync().Within("a call");

        var exception = await cluster.Client.GetGrain<IManagementGrain>(0).GetActivationAddress(worker).AsTask().FailureWithin("the address");

        Assert.IsType<InvalidOperationException>(exception);
    }

    private (IMortalWorkerGrain Worker, IGateGrain Gate, IJournalGrain Journal) Grains()
    {
        var key = TestKeys.New();
        return (cluster.Client.GetGrain<IMortalWorkerGrain>(key), cluster.Client.GetGrain<IGateGrain>(key), cluster.Client.GetGrain<IJournalGrain>(key));
    }
}
