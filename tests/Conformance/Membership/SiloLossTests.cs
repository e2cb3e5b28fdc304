using System.Diagnostics;
using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.TestingHost;

namespace Dpark.Conformance.Membership;

/// <summary>Silos that stop or are killed. Each test has a cluster of its own.</summary>
public sealed class SiloLossTests
{
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task StopSiloAsync_RunningAndQueuedCalls_AreAnswered()
    {
        await using var cluster = await DeployAsync(3);
        var leaving = cluster.Silos[1];
        var (survivor, gate) = await PlaceAsync(cluster, leaving.SiloAddress);

        var running = survivor.PassAndCountAsync(gate.GetPrimaryKeyString());
        await gate.WaitForArrivalsAsync(1).Within("the running call at the gate");
        var queued = survivor.CountAsync();
        var stop = cluster.StopSiloAsync(leaving);
        await StatusOfAsync(cluster, leaving.SiloAddress, SiloStatus.ShuttingDown).Within("the leaving silo being announced");
        var placing = Enumerable.Range(0, 30).Select(_ => NewGrain(cluster).CountAsync());
        var placed = await Task.WhenAll(placing).Within("new grains while the silo leaves");
        await gate.OpenAsync().Within("opening the gate");
        var runningView = await running.Within("the running call");
        var queuedView = await queued.Within("the queued call");
        await stop.Within("the end of the silo");

        Assert.Equal(new SurvivorView(leaving.SiloAddress, 2), runningView);
        Assert.NotEqual(leaving.SiloAddress, queuedView.Silo);
        Assert.Equal(1, queuedView.Count);
        Assert.DoesNotContain(leaving.SiloAddress, placed.Select(view => view.Silo));
    }

    [Fact]
    public async Task KillSiloAsync_InFlightCalls_EndAsTheirCallersAreTold()
    {
        await using var cluster = await DeployAsync(3);
        var victim = cluster.Silos[1];
        var (survivor, gate) = await PlaceAsync(cluster, victim.SiloAddress);
        var caller = cluster.Client.GetGrain<ISurvivorCallerGrain>(TestKeys.New());
        await Placed.OnAsync(Primary(cluster), caller.WhereAsync).Within("placing the caller");

        var ofClient = survivor.PassShortAsync(gate.GetPrimaryKeyString());
        await gate.WaitForArrivalsAsync(1).Within("the call of the client at the gate");
        var second = await PlaceSurvivorAsync(cluster, victim.SiloAddress);
        var ofGrain = caller.CallAndWaitAsync(second.GetPrimaryKeyString(), gate.GetPrimaryKeyString());
        await gate.WaitForArrivalsAsync(2).Within("the call of the grain at the gate");
        await cluster.KillSiloAsync(victim).Within("the kill");
        var clientFailure = await ofClient.FailureWithin("the call of the client");
        var grainFailure = await ofGrain.Within("what the calling grain caught");
        await gate.OpenAsync().Within("letting go the calls that the killed silo made");

        Assert.IsType<TimeoutException>(clientFailure);
        Assert.StartsWith("SiloUnavailableException: The target silo became unavailable", grainFailure, StringComparison.Ordinal);
        var again = await CountAsync(survivor).Within("a call after the kill");
        Assert.NotEqual(victim.SiloAddress, again.Silo);
        Assert.Equal(1, again.Count);
    }

    [InProcessFact]
    public async Task KillSiloAsync_Membership_IsDeadAtOnce()
    {
        await using var cluster = await DeployAsync(3);
        var victim = cluster.Silos[2].SiloAddress;

        await cluster.KillSiloAsync(cluster.Silos[2]).Within("the kill");
        var watch = Stopwatch.StartNew();
        await StatusOfAsync(cluster, victim, SiloStatus.Dead).Within("the death of the silo");

        // The reference measured 0.1 s; detection by probes would take 15 s.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"The silo was dead after {watch.Elapsed}.");
        var active = await Management(cluster).GetHosts(onlyActive: true).Within("the active silos");
        Assert.Equal(cluster.Silos.Select(silo => silo.SiloAddress).Where(silo => !silo.Equals(victim)).ToHashSet(), active.Keys.ToHashSet());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SiloLeaves_ActivationsOfOthers_KeepTheirState(bool kill)
    {
        await using var cluster = await DeployAsync(3);
        var leaving = cluster.Silos[2];
        ISurvivingGrain[] grains = [.. Enumerable.Range(0, 90).Select(_ => NewGrain(cluster))];
        var before = await Task.WhenAll(grains.Select(grain => grain.CountAsync())).Within("the first calls");

        await (kill ? cluster.KillSiloAsync(leaving) : cluster.StopSiloAsync(leaving)).Within("the end of the silo");
        await StatusOfAsync(cluster, leaving.SiloAddress, SiloStatus.Dead).Within("the other silos knowing it");
        var after = await Task.WhenAll(grains.Select(CountAsync)).Within("the calls after the loss");

        var expected = before.Select(view => leaving.SiloAddress.Equals(view.Silo) ? 1 : 2);
        Assert.Equal(expected, after.Select(view => view.Count));
        Assert.Contains(1, after.Select(view => view.Count));
        Assert.Contains(2, after.Select(view => view.Count));
        Assert.DoesNotContain(leaving.SiloAddress, after.Select(view => view.Silo));
    }

    [Fact]
    public async Task SiloJoins_ActivationsOfOthers_KeepTheirStateAndItGetsNewOnes()
    {
        await using var cluster = await DeployAsync(2);
        ISurvivingGrain[] grains = [.. Enumerable.Range(0, 60).Select(_ => NewGrain(cluster))];
        await Task.WhenAll(grains.Select(grain => grain.CountAsync())).Within("the first calls");

        var joined = await cluster.StartAdditionalSiloAsync().Within("the new silo");
        await StatusOfAsync(cluster, joined.SiloAddress, SiloStatus.Active).Within("the other silos knowing it");
        var after = await Task.WhenAll(grains.Select(grain => grain.CountAsync())).Within("the calls after the join");
        var placed = await Task.WhenAll(Enumerable.Range(0, 90).Select(_ => NewGrain(cluster).CountAsync())).Within("new grains");

        Assert.Equal(Enumerable.Repeat(2, 60), after.Select(view => view.Count));
        Assert.Contains(joined.SiloAddress, placed.Select(view => view.Silo));
    }

    [Fact]
    public async Task RestartSiloAsync_SameEndpoint_HasALaterGeneration()
    {
        await using var cluster = await DeployAsync(2);
        var old = cluster.Silos[1];
        await Waiting.Until(() => Differences.IsGenerationOver(old.SiloAddress), "another generation");

        var restarted = await cluster.RestartSiloAsync(old).Within("the restart");

        Assert.NotNull(restarted);
        Assert.Equal(old.SiloAddress.Endpoint, restarted.SiloAddress.Endpoint);
        Assert.True(restarted.SiloAddress.Generation > old.SiloAddress.Generation);
        Assert.Equal(old.Name, restarted.Name);
        var active = await Management(cluster).GetHosts(onlyActive: true).Within("the active silos");
        var all = await Management(cluster).GetHosts().Within("all silos");
        Assert.Equal([Primary(cluster), restarted.SiloAddress], active.Keys.OrderBy(silo => !silo.Equals(Primary(cluster))));
        Assert.All(active.Values, status => Assert.Equal(SiloStatus.Active, status));
        Assert.Equal(SiloStatus.Dead, all[old.SiloAddress]);
    }

    [Fact]
    public async Task KillSiloAsync_GatewayOfClient_CallsGoThroughAnother()
    {
        await using var cluster = await DeployAsync(3);
        ISurvivingGrain[] grains = [.. Enumerable.Range(0, 30).Select(_ => NewGrain(cluster))];
        foreach (var grain in grains)
        {
            await Placed.OnAsync(Primary(cluster), grain.CountAsync).Within("the first calls");
        }

        // Whichever gateway a grain's calls took, only that of the primary is left.
        await cluster.KillSiloAsync(cluster.Silos[2]).Within("the first kill");
        await cluster.KillSiloAsync(cluster.Silos[1]).Within("the second kill");
        var after = await Task.WhenAll(grains.Select(CountAgainAsync)).Within("calls through the last gateway");

        Assert.Equal(Enumerable.Repeat(new SurvivorView(Primary(cluster), 2), 30), after);
    }

    private static Task<TestCluster> DeployAsync(int siloCount) => ClusterHosting.DeployAsync(siloCount, builder =>
    {
        // Where silos run in process, a kill is told.
        if (!ClusterHosting.IsInProcess)
        {
            builder.AddSiloBuilderConfigurator<QuickDetection>();
        }
    });

    /// <summary>The silo that nobody stops.</summary>
    private static SiloAddress Primary(TestCluster cluster) => cluster.Silos[0].SiloAddress;

    private static IManagementGrain Management(TestCluster cluster) => cluster.Client.GetGrain<IManagementGrain>(0);

    private static ISurvivingGrain NewGrain(TestCluster cluster) => cluster.Client.GetGrain<ISurvivingGrain>(TestKeys.New());

    /// <summary>Counts, again if the call could not be made.</summary>
    private static async Task<SurvivorView> CountAsync(ISurvivingGrain grain)
    {
        while (true)
        {
            try
            {
                return await grain.CountAsync();
            }
            catch (OrleansException exception) when (Differences.CallsMayBeRefusedAfterALostGateway
                && exception is ConnectionFailedException or OrleansMessageRejectionException)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>As <see cref="CountAsync"/>, also if the request is lost.</summary>
    private static async Task<SurvivorView> CountAgainAsync(ISurvivingGrain grain)
    {
        SurvivorView view = default;
        await AgainIfLostAsync(async () => view = await CountAsync(grain));
        return view;
    }

    /// <summary>Calls, and again if a request went to a gateway whose end the client had not seen yet: that is lost, and its call would end with the response timeout.</summary>
    private static async Task AgainIfLostAsync(Func<Task> call)
    {
        while (true)
        {
            try
            {
                await call().WaitAsync(LostAfter);
                return;
            }
            catch (TimeoutException)
            {
                // Nobody was there to pass it on, so nothing has come of it.
            }
        }
    }

    /// <summary>A survivor on the given silo, and a gate on the primary, which nobody kills.</summary>
    private static async Task<(ISurvivingGrain Survivor, IGateGrain Gate)> PlaceAsync(TestCluster cluster, SiloAddress silo)
    {
        var gate = cluster.Client.GetGrain<IGateGrain>(TestKeys.New());
        await Placed.OnAsync(Primary(cluster), gate.ArrivalsAsync).Within("placing the gate");
        return (await PlaceSurvivorAsync(cluster, silo), gate);
    }

    private static async Task<ISurvivingGrain> PlaceSurvivorAsync(TestCluster cluster, SiloAddress silo)
    {
        var survivor = NewGrain(cluster);
        var view = await Placed.OnAsync(silo, survivor.CountAsync).Within("placing the survivor");
        Assert.Equal(new SurvivorView(silo, 1), view);
        return survivor;
    }

    /// <summary>Completes when every other silo has seen the silo in this status or a later one.</summary>
    private static Task StatusOfAsync(TestCluster cluster, SiloAddress silo, SiloStatus status) =>
        Task.WhenAll(cluster.Silos.Where(handle => !handle.SiloAddress.Equals(silo)).Select(handle => AgainIfLostAsync(async () =>
            await (await MembershipWatcherGrain.OnAsync(cluster.Client, handle.SiloAddress)).WaitForStatusAsync(silo, status))));
}
