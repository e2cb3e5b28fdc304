using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Core.Internal;
using Orleans.Runtime;

namespace Dpark.Conformance.Activations;

[Collection(SharedClusterCollection.Name)]
public sealed class DeactivationTests(SharedCluster cluster)
{
    [Fact]
    public async Task Calls_ToOneGrain_ReachOneActivation()
    {
        var (grain, journal) = Grains();

        var first = await grain.VisitAsync().Within("the first call");
        var second = await grain.VisitAsync().Within("the second call");

        Assert.Equal((first.Activation, 2), (second.Activation, second.Count));
        Assert.Equal(["activated"], await journal.ReadAsync().Within("the journal"));
    }

    [Fact]
    public async Task DeactivateOnIdle_NextCall_HasFreshState()
    {
        var (grain, journal) = Grains();
        var before = await grain.VisitAsync().Within("the first call");

        await grain.DeactivateAsync().Within("the deactivation");
        var after = await grain.VisitAsync().Within("the next call");

        Assert.NotEqual(before.Activation, after.Activation);
        Assert.Equal(1, after.Count);
        Assert.Equal(["activated", "deactivated ApplicationRequested after 1", "activated"], await journal.WaitForAsync(3).Within("the journal"));
    }

    [Fact]
    public async Task DeactivateOnIdle_FromOutside_Deactivates()
    {
        var (grain, journal) = Grains();
        var before = await grain.VisitAsync().Within("the first call");

        await grain.Cast<IGrainManagementExtension>().DeactivateOnIdle().AsTask().Within("the deactivation");
        await journal.WaitForEntryAsync("deactivated ApplicationRequested after 1").Within("the end of the activation");

        Assert.NotEqual(before.Activation, (await grain.VisitAsync().Within("the next call")).Activation);
    }

    [Fact]
    public async Task DeactivateOnIdle_RunningAndQueuedCalls_AreBothAnswered()
    {
        var (grain, journal) = Grains();
        var gate = cluster.Client.GetGrain<IGateGrain>(grain.GetPrimaryKeyString());

        var running = grain.DeactivateAndPassAsync();
        await gate.WaitForArrivalsAsync(1).Within("the running call at the gate");
        var queued = grain.VisitAsync();
        await gate.OpenAsync().Within("opening the gate");
        var old = await running.Within("the running call");
        var fresh = await queued.Within("the queued call");

        Assert.NotEqual(old.Activation, fresh.Activation);
        Assert.Equal((1, 1), (old.Count, fresh.Count));
        Assert.Equal(["activated", "deactivated ApplicationRequested after 1", "activated"], await journal.WaitForAsync(3).Within("the journal"));
    }

    [Fact]
    public async Task DeactivateOnIdle_ManyTimesUnderLoad_LosesNoCall()
    {
        var (grain, _) = Grains();

        var visits = new List<Visit>();
        for (var round = 0; round < 20; round++)
        {
            var calls = Enumerable.Range(0, 20).Select(_ => Moving.VisitAsync(grain)).ToList();
            var deactivation = grain.DeactivateAsync();
            calls.AddRange(Enumerable.Range(0, 20).Select(_ => Moving.VisitAsync(grain)));
            await deactivation.Within($"the deactivation of round {round}");
            visits.AddRange(await Task.WhenAll(calls).Within($"the calls of round {round}"));
        }

        // Each activation counts from 1 without a gap: no call ran twice or at two activations.
        Assert.Equal(800, visits.Count);
        foreach (var activation in visits.GroupBy(visit => visit.Activation))
        {
            Assert.Equal(Enumerable.Range(1, activation.Count()), activation.Select(visit => visit.Count).Order());
        }
    }

    [Fact]
    public async Task ForceActivationCollection_IdleGrain_IsCollectedAndKeptOneIsNot()
    {
        var (grain, journal) = Grains();
        var kept = Grains(typeof(KeptLifetimeGrain));
        await grain.VisitAsync().Within("a call");
        var keptBefore = await kept.Grain.VisitAsync().Within("a call to the kept grain");

        await cluster.Client.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero).Within("the collection");
        var entries = await journal.WaitForAsync(2).Within("the end of the activation");

        Assert.Equal(["activated", "deactivated ActivationIdle after 1"], entries);
        Assert.Equal(keptBefore.Activation, (await kept.Grain.VisitAsync().Within("the kept grain")).Activation);
    }

    [Fact]
    public async Task ForceActivationCollection_RunningCall_IsNotInterrupted()
    {
        var (grain, journal) = Grains();
        var gate = cluster.Client.GetGrain<IGateGrain>(grain.GetPrimaryKeyString());

        var running = grain.PassAsync();
        await gate.WaitForArrivalsAsync(1).Within("the running call at the gate");
        await cluster.Client.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero).Within("the collection");
        var entries = await journal.ReadAsync().Within("the journal");
        await gate.OpenAsync().Within("opening the gate");
        var visit = await running.Within("the running call");

        Assert.Equal(["activated"], entries);
        Assert.Equal(1, visit.Count);
    }

    private (ILifetimeGrain Grain, IJournalGrain Journal) Grains(Type? grainClass = null)
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<ILifetimeGrain>(key, (grainClass ?? typeof(LifetimeGrain)).FullName);
        return (grain, cluster.Client.GetGrain<IJournalGrain>(key));
    }
}
