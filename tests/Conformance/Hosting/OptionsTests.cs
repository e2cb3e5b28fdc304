using Orleans.Configuration;

namespace Dpark.Conformance.Hosting;

/// <summary>The defaults that user code counts on.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void Endpoint_Defaults()
    {
        var options = new EndpointOptions();

        Assert.Equal((11_111, 30_000), (options.SiloPort, options.GatewayPort));
        Assert.Null(options.SiloListeningEndpoint);
        Assert.Null(options.GatewayListeningEndpoint);
    }

    [Fact]
    public void SiloMessaging_Defaults()
    {
        var options = new SiloMessagingOptions();

        AssertCommon(options);
        Assert.Equal(2, options.MaxForwardCount);
        Assert.Equal(TimeSpan.FromMinutes(1), options.ClientDropTimeout);
        Assert.Equal(TimeSpan.FromHours(2), options.MaxRequestProcessingTime);
        Assert.Equal(TimeSpan.FromSeconds(30), options.SystemResponseTimeout);
        Assert.Equal((0, 0), (options.MaxEnqueuedRequestsSoftLimit, options.MaxEnqueuedRequestsHardLimit));
    }

    [Fact]
    public void ClientMessaging_Defaults()
    {
        var options = new ClientMessagingOptions();

        AssertCommon(options);
    }

    [Fact]
    public void GrainCollection_Defaults()
    {
        var options = new GrainCollectionOptions();

        Assert.Equal(TimeSpan.FromMinutes(15), options.CollectionAge);
        Assert.Equal(TimeSpan.FromMinutes(1), options.CollectionQuantum);
        Assert.Equal(TimeSpan.FromSeconds(30), options.ActivationTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), options.DeactivationTimeout);
        Assert.Empty(options.ClassSpecificCollectionAge);
    }

    [Fact]
    public void ClusterMembership_Defaults()
    {
        var options = new ClusterMembershipOptions();

        Assert.Equal(TimeSpan.FromSeconds(5), options.ProbeTimeout);
        Assert.Equal((3, 10, 2), (options.NumMissedProbesLimit, options.NumProbedSilos, options.NumVotesForDeathDeclaration));
        Assert.Equal(TimeSpan.FromMinutes(2), options.DeathVoteExpirationTimeout);
        Assert.Equal(TimeSpan.FromSeconds(60), options.TableRefreshTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), options.IAmAliveTablePublishTimeout);
        Assert.Equal(3, options.NumMissedTableIAmAliveLimit);
        Assert.Equal(TimeSpan.FromMinutes(5), options.MaxJoinAttemptTime);
        Assert.Equal(TimeSpan.FromDays(7), options.DefunctSiloExpiration);
        Assert.Equal(TimeSpan.FromHours(1), options.DefunctSiloCleanupPeriod);
        Assert.True(options.LivenessEnabled && options.UseLivenessGossip && options.EnableIndirectProbes);
    }

    [Fact]
    public void ConnectionsAndGateways_Defaults()
    {
        var connections = new ConnectionOptions();
        var gateways = new GatewayOptions();

        Assert.Equal(1, connections.ConnectionsPerEndpoint);
        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)), (connections.ConnectionRetryDelay, connections.OpenConnectionTimeout));
        Assert.Equal((TimeSpan.FromMinutes(1), -1), (gateways.GatewayListRefreshPeriod, gateways.PreferredGatewayIndex));
    }

    [Fact]
    public void Scheduling_Defaults()
    {
        var options = new SchedulingOptions();

        Assert.Equal(TimeSpan.FromMilliseconds(100), options.ActivationSchedulingQuantum);
        Assert.Equal(TimeSpan.FromSeconds(1), options.TurnWarningLengthThreshold);
        Assert.Equal(TimeSpan.FromSeconds(10), options.DelayWarningThreshold);
    }

    [Fact]
    public void Placement_Defaults()
    {
        var workers = new StatelessWorkerOptions();

        Assert.Equal((true, TimeSpan.FromMilliseconds(500), 1), (workers.RemoveIdleWorkers, workers.IdleWorkersInspectionPeriod, workers.MinIdleCyclesBeforeRemoval));
        Assert.Equal(2, new ActivationCountBasedPlacementOptions().ChooseOutOf);
    }

    [Fact]
    public void DirectoryAndStorage_Defaults()
    {
        var directory = new GrainDirectoryOptions();
        var memory = new MemoryGrainStorageOptions();

        Assert.Equal((1_000_000, TimeSpan.FromMinutes(1), 1), (directory.CacheSize, directory.LazyDeregistrationDelay, directory.PartitionsPerSilo));
        Assert.Equal((10, ServiceLifecycleStage.ApplicationServices), (memory.NumStorageGrains, memory.InitStage));
    }

    [Fact]
    public void LoadShedding_Defaults()
    {
        var options = new LoadSheddingOptions();

        Assert.Equal((false, 95, 90), (options.LoadSheddingEnabled, options.CpuThreshold, options.MemoryThreshold));
    }

    [Fact]
    public void Cluster_Defaults()
    {
        var options = new ClusterOptions();

        Assert.True(options.ClusterId is "default" or null or "", options.ClusterId);
        Assert.Equal(options.ClusterId, options.ServiceId);
    }

    [Fact]
    public void Sockets_Defaults()
    {
        var options = new Orleans.Networking.Shared.SocketConnectionOptions();

        Assert.Equal((true, true, 90, 30, 10), (options.NoDelay, options.KeepAlive, options.KeepAliveTimeSeconds, options.KeepAliveIntervalSeconds, options.KeepAliveRetryCount));
    }

    [Fact]
    public void Redis_Defaults()
    {
        var clustering = new Orleans.Clustering.Redis.RedisClusteringOptions();

        Assert.Null(clustering.ConfigurationOptions);
        Assert.Null(clustering.EntryExpiry);
    }

    [Theory]
    [InlineData(ServiceLifecycleStage.AfterRuntimeGrainServices, 8_100)]
    [InlineData(ServiceLifecycleStage.ValidateInitialConnectivity, 19_900)]
    [InlineData(ServiceLifecycleStage.GrainDirectoryShutdown, 19_997)]
    [InlineData(ServiceLifecycleStage.GrainDeactivation, 19_998)]
    [InlineData(ServiceLifecycleStage.First, int.MinValue)]
    [InlineData(ServiceLifecycleStage.RuntimeInitialize, 2_000)]
    [InlineData(ServiceLifecycleStage.RuntimeServices, 4_000)]
    [InlineData(ServiceLifecycleStage.RuntimeStorageServices, 6_000)]
    [InlineData(ServiceLifecycleStage.RuntimeGrainServices, 8_000)]
    [InlineData(ServiceLifecycleStage.ApplicationServices, 10_000)]
    [InlineData(ServiceLifecycleStage.BecomeActive, 19_999)]
    [InlineData(ServiceLifecycleStage.Active, 20_000)]
    [InlineData(ServiceLifecycleStage.Last, int.MaxValue)]
    public void LifecycleStages_Values_AreStable(int stage, int expected) => Assert.Equal(expected, stage);

    private static void AssertCommon(MessagingOptions options)
    {
        Assert.Equal(TimeSpan.FromSeconds(30), options.ResponseTimeout);
        Assert.Equal(TimeSpan.FromMinutes(30), options.ResponseTimeoutWithDebugger);
        Assert.Equal((10 << 20, 100 << 20), (options.MaxMessageHeaderSize, options.MaxMessageBodySize));
        Assert.True(options.DropExpiredMessages);
        Assert.False(options.CancelRequestOnTimeout);
        Assert.False(options.WaitForCancellationAcknowledgement);
    }
}
