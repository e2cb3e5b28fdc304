using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Conformance.Activations;

[Collection(SharedClusterCollection.Name)]
public sealed class GrainContextTests(SharedCluster cluster)
{
    private IContextualGrain Grain => cluster.Client.GetGrain<IContextualGrain>(TestKeys.New());

    [Fact]
    public async Task Context_InsideGrain_IsThatOfTheGrain() => Assert.Empty(await Grain.FindFaultsAsync().Within("the look at the context"));

    [Fact]
    public async Task Scheduler_QueuedWork_RunsAsTurnsOfTheGrain() =>
        Assert.Equal(["False", "True", "state", "True"], await Grain.QueueWorkAsync().Within("the queued work"));

    [Fact]
    public async Task Deactivated_OfContext_CompletesWithTheActivation()
    {
        var grain = Grain;

        await grain.DeactivateAndAwaitAsync().Within("the deactivation");

        Assert.Equal(["ended"], await cluster.Client.GetGrain<IJournalGrain>(grain.GetPrimaryKeyString()).WaitForAsync(1).Within("the end of the activation"));
    }

    [Fact]
    public async Task MigrateOnIdle_NextCall_HasAnActivation()
    {
        var grain = Grain;
        var migrated = await grain.MigrateAsync().Within("the wish to be moved");

        Assert.NotEqual(Guid.Empty, migrated);
        Assert.NotEqual(Guid.Empty, await grain.ActivationAsync().Within("the next call"));
    }

    [Fact]
    public async Task RegisterTimer_DuringACall_Ticks()
    {
        var grain = Grain;

        await grain.TickOldAsync().Within("a tick during the call");

        Assert.Equal(["tick"], await cluster.Client.GetGrain<IJournalGrain>(grain.GetPrimaryKeyString()).ReadAsync().Within("the journal"));
    }

    [Fact]
    public async Task OnDeactivateAsync_Throws_EndsTheActivationAllTheSame()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<IWorryingGrain>(key, typeof(BadlyEndingGrain).FullName);
        var before = await grain.PingAsync().Within("the first call");

        await grain.DeactivateAsync().Within("the deactivation");
        var after = await grain.PingAsync().Within("the call after it");

        Assert.NotEqual(before, after);
        Assert.Equal(["deactivating"], await cluster.Client.GetGrain<IJournalGrain>(key).ReadAsync().Within("the journal"));
    }

    [Theory]
    [InlineData(DeactivationReasonCode.None, 0)]
    [InlineData(DeactivationReasonCode.ShuttingDown, 1)]
    [InlineData(DeactivationReasonCode.ActivationFailed, 2)]
    [InlineData(DeactivationReasonCode.DirectoryFailure, 3)]
    [InlineData(DeactivationReasonCode.ActivationIdle, 4)]
    [InlineData(DeactivationReasonCode.ActivationUnresponsive, 5)]
    [InlineData(DeactivationReasonCode.DuplicateActivation, 6)]
    [InlineData(DeactivationReasonCode.IncompatibleRequest, 7)]
    [InlineData(DeactivationReasonCode.ApplicationError, 8)]
    [InlineData(DeactivationReasonCode.ApplicationRequested, 9)]
    [InlineData(DeactivationReasonCode.Migrating, 10)]
    [InlineData(DeactivationReasonCode.RuntimeRequested, 11)]
    [InlineData(DeactivationReasonCode.HighMemoryPressure, 12)]
    public void DeactivationReasonCode_Values_AreStable(DeactivationReasonCode code, byte value) => Assert.Equal(value, (byte)code);

    [Fact]
    public void DeactivationReason_OfException_HasItsParts()
    {
        var exception = new TimeoutException("late");
        var reason = new DeactivationReason(DeactivationReasonCode.ApplicationError, exception, "text");

        Assert.Equal((DeactivationReasonCode.ApplicationError, "text"), (reason.ReasonCode, reason.Description));
        Assert.Same(exception, reason.Exception);
        Assert.Null(new DeactivationReason(DeactivationReasonCode.None, "text").Exception);
    }
}

/// <summary>Grains must be activated within 2 s, and a request may take 3 s before another that waits gives the activation up.</summary>
public sealed class HurriedCluster : ClusterFixture
{
    protected override int SiloCount => 2;

    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<HurriedSilo>();

    public sealed class HurriedSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder)
        {
            siloBuilder.Configure<GrainCollectionOptions>(options => options.ActivationTimeout = TimeSpan.FromSeconds(2));
            siloBuilder.Configure<SiloMessagingOptions>(options =>
            {
                options.MaxRequestProcessingTime = TimeSpan.FromSeconds(3);
                options.GrainWorkloadAnalysisPeriod = TimeSpan.FromSeconds(1);
            });
        }
    }
}

public sealed class HurriedActivationTests(HurriedCluster cluster) : IClassFixture<HurriedCluster>
{
    [Fact]
    public async Task OnActivateAsync_TakesTooLong_FailsTheCall()
    {
        var key = TestKeys.New();

        var exception = await cluster.Client.GetGrain<IWorryingGrain>(key, typeof(SlowlyStartingGrain).FullName).PingAsync().FailureWithin("the call");

        Assert.True(exception is OperationCanceledException or TimeoutException, exception.ToString());
        Assert.Equal(["activating"], await cluster.Client.GetGrain<IJournalGrain>(key).ReadAsync().Within("the journal"));
    }

    [Fact]
    public async Task MaxRequestProcessingTime_Exceeded_NextCallGetsANewActivation()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<ILifetimeGrain>(key, typeof(LifetimeGrain).FullName);
        var gate = cluster.Client.GetGrain<IGateGrain>(key);
        var before = await grain.VisitAsync().Within("the first call");

        var stuck = grain.PassAsync();
        await gate.WaitForArrivalsAsync(1).Within("the call at the gate");
        var after = await Moving.VisitAgainAsync(grain, before.Activation).Within("a new activation");
        await gate.OpenAsync().Within("the gate");

        var late = await stuck.Within("the stuck call");

        Assert.NotEqual(before.Activation, after.Activation);
        Assert.Equal((before.Activation, 2), (late.Activation, late.Count));
    }
}
