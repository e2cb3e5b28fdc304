using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Dpark.Conformance.Scheduling;

/// <summary>One call to a worker.</summary>
[GenerateSerializer, Alias("conformance.WorkerVisit")]
public readonly record struct WorkerVisit([property: Id(0)] Guid Activation, [property: Id(1)] SiloAddress? Silo);

[Alias("conformance.ITwoWorkerGrain")]
public interface ITwoWorkerGrain : IGrainWithStringKey
{
    /// <summary>Passes the gate under the key of this grain.</summary>
    [Alias("Pass")]
    Task<WorkerVisit> PassAsync();
}

[GrainType("conformance.two-workers"), StatelessWorker(2)]
public sealed class TwoWorkerGrain : Grain, ITwoWorkerGrain
{
    private readonly Guid _activation = Guid.NewGuid();

    public async Task<WorkerVisit> PassAsync()
    {
        await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
        return new(_activation, GrainContext.Address.SiloAddress);
    }
}

/// <summary>Calls workers from its silo.</summary>
[Alias("conformance.IWorkerCallerGrain")]
public interface IWorkerCallerGrain : IGrainWithStringKey
{
    [Alias("Call")]
    Task<List<WorkerVisit>> CallAsync(string worker, int count);
}

[GrainType("conformance.worker-caller"), Orleans.Placement.RandomPlacement]
public sealed class WorkerCallerGrain : Grain, IWorkerCallerGrain
{
    public async Task<List<WorkerVisit>> CallAsync(string worker, int count) =>
        [.. await Task.WhenAll(Enumerable.Range(0, count).Select(_ => GrainFactory.GetGrain<ITwoWorkerGrain>(worker).PassAsync()))];
}

[Collection(SharedClusterCollection.Name)]
public sealed class StatelessWorkerTests(SharedCluster cluster)
{
    [Fact]
    public async Task Calls_FromOneSilo_RunOnAtMostTheirWorkersOfThatSilo()
    {
        var key = TestKeys.New();
        var gate = cluster.Client.GetGrain<IGateGrain>(key);
        var caller = cluster.Client.GetGrain<IWorkerCallerGrain>(key);
        await Placed.OnAsync(cluster.Silos[1], () => caller.CallAsync(key, 0)).Within("placing the caller");

        var calls = caller.CallAsync(key, 6);
        await gate.WaitForArrivalsAsync(2).Within("two workers at the gate");
        var arrivals = await gate.ArrivalsAsync().Within("the arrivals");
        await gate.OpenAsync().Within("opening the gate");
        var visits = await calls.Within("six calls");

        Assert.Equal(2, arrivals);
        Assert.Equal(6, visits.Count);
        Assert.Equal(2, visits.Select(visit => visit.Activation).Distinct().Count());
        Assert.Equal([cluster.Silos[1]], visits.Select(visit => visit.Silo).Distinct());
    }

    [Fact]
    public async Task Calls_FromTwoSilos_HaveWorkersOnBoth()
    {
        var key = TestKeys.New();
        await cluster.Client.GetGrain<IGateGrain>(key).OpenAsync().Within("opening the gate");

        var silos = new List<SiloAddress?>();
        foreach (var silo in cluster.Silos)
        {
            var caller = cluster.Client.GetGrain<IWorkerCallerGrain>(TestKeys.New());
            var visits = await Placed.OnAsync(silo, () => caller.CallAsync(TestKeys.New(), 0)).Within("placing the caller");
            Assert.Empty(visits);
            visits = await caller.CallAsync(key, 1).Within("a call from that silo");
            silos.Add(visits[0].Silo);
        }

        Assert.Equal(cluster.Silos, silos);
    }
}
