using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Tests.TestingHost;

public sealed class TestClusterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task DeployAsync_ThreeSilos_AllSeeEachOther()
    {
        await using var cluster = new TestClusterBuilder(3).Build();

        await cluster.DeployAsync().WaitAsync(Limit);

        var addresses = cluster.Silos.Select(silo => silo.SiloAddress).ToHashSet();
        Assert.Equal(3, addresses.Count);
        Assert.All(cluster.Silos, silo => Assert.True(addresses.SetEquals(Oracle(cluster, silo).GetActiveSilos())));
    }

    [Fact]
    public async Task Client_ManagementGrain_ListsActiveSilos()
    {
        await using var cluster = new TestClusterBuilder(2).Build();
        await cluster.DeployAsync().WaitAsync(Limit);

        var hosts = await cluster.Client.GetGrain<IManagementGrain>(0).GetHosts(true).WaitAsync(Limit);

        Assert.True(cluster.Silos.Select(silo => silo.SiloAddress).ToHashSet().SetEquals(hosts.Keys));
    }

    [Fact]
    public async Task Silos_OfTwoClusters_DoNotSeeEachOther()
    {
        await using var one = new TestClusterBuilder(2).Build();
        await using var other = new TestClusterBuilder(2).Build();

        await Task.WhenAll(one.DeployAsync(), other.DeployAsync()).WaitAsync(Limit);

        var hosts = await one.Client.GetGrain<IManagementGrain>(0).GetHosts().WaitAsync(Limit);
        Assert.True(one.Silos.Select(silo => silo.SiloAddress).ToHashSet().SetEquals(hosts.Keys));
    }

    [Fact]
    public async Task KillSiloAsync_Secondary_IsDeadForOthersAtOnce()
    {
        await using var cluster = new TestClusterBuilder(3).Build();
        await cluster.DeployAsync().WaitAsync(Limit);
        var victim = cluster.SecondarySilos[0];
        var survivor = cluster.GetSiloServiceProvider().GetRequiredService<IClusterMembershipService>();
        var started = Stopwatch.GetTimestamp();

        await cluster.KillSiloAsync(victim).WaitAsync(Limit);

        await foreach (var snapshot in survivor.MembershipUpdates.WithCancellation(new CancellationTokenSource(Limit).Token))
        {
            if (snapshot.GetSiloStatus(victim.SiloAddress) == SiloStatus.Dead)
            {
                break;
            }
        }

        Assert.Equal(2, cluster.Silos.Count);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task RestartSiloAsync_Secondary_HasLargerGenerationAtSameEndpoint()
    {
        await using var cluster = new TestClusterBuilder(2).Build();
        await cluster.DeployAsync().WaitAsync(Limit);
        var before = cluster.SecondarySilos[0];

        var after = await cluster.RestartSiloAsync(before).WaitAsync(Limit);

        Assert.Equal(before.Name, after!.Name);
        Assert.Equal(before.SiloAddress.Endpoint, after.SiloAddress.Endpoint);
        Assert.True(after.SiloAddress.Generation > before.SiloAddress.Generation);
    }

    [Fact]
    public async Task RestartSiloAsync_Primary_IsTheFirstSiloAgain()
    {
        await using var cluster = new TestClusterBuilder(2).Build();
        await cluster.DeployAsync().WaitAsync(Limit);

        var after = await cluster.RestartSiloAsync(cluster.Primary!).WaitAsync(Limit);

        Assert.Same(after, cluster.Primary);
        Assert.Equal([after!, .. cluster.SecondarySilos], cluster.Silos);
    }

    private static ISiloStatusOracle Oracle(TestCluster cluster, SiloHandle silo) =>
        cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<ISiloStatusOracle>();
}
