using Dpark.Conformance.Calls;
using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Hosting;

/// <summary>What tests of users count on.</summary>
public sealed class TestClusterTests
{
    [Fact]
    public void Options_Defaults()
    {
        var options = new TestClusterBuilder().Options;

        Assert.Equal(2, options.InitialSilosCount);
        Assert.Equal(ConnectionTransportType.InMemory, options.ConnectionTransport);
        Assert.True(options.UseTestClusterMembership && options.InitializeClientOnDeploy);
        Assert.True(options.GatewayPerSilo && options.AssumeHomogenousSilosForTesting);
        Assert.NotEqual(new TestClusterBuilder().Options.ClusterId, options.ClusterId);
        Assert.StartsWith("testcluster-", options.ClusterId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoClusters_AtOnce_KnowNothingOfEachOther()
    {
        await using var first = await ClusterHosting.DeployAsync(2);
        await using var second = await ClusterHosting.DeployAsync(1);

        var atFirst = await first.Client.GetGrain<ISignatureGrain>("same").AddAsync(5).Within("a call to the first cluster");
        var atSecond = await second.Client.GetGrain<ISignatureGrain>("same").AddAsync(7).Within("a call to the second cluster");
        var hosts = await second.Client.GetGrain<IManagementGrain>(0).GetHosts().Within("the silos of the second cluster");

        Assert.Equal((5, 7), (atFirst, atSecond));
        Assert.Equal(second.Silos.Select(silo => silo.SiloAddress), hosts.Keys);
    }

    [InProcessFact]
    public async Task DeployAsync_TestMembership_HasAPrimary()
    {
        await using var cluster = await ClusterHosting.DeployAsync(3);

        Assert.Equal(["Primary", "Secondary_1", "Secondary_2"], cluster.Silos.Select(silo => silo.Name).Order());
        Assert.Same(cluster.Primary, cluster.Silos[0]);
        Assert.Equal(cluster.Silos.Skip(1), cluster.SecondarySilos);
        await cluster.StopPrimarySiloAsync().Within("the stop of the primary");
        Assert.Null(cluster.Primary);
        await Assert.ThrowsAsync<InvalidOperationException>(cluster.StopPrimarySiloAsync);
    }

    [InProcessFact]
    public async Task DeployAsync_OtherMembership_AllSilosAreSecondary()
    {
        await using var cluster = await ClusterHosting.DeployAsync(2, builder =>
        {
            builder.Options.UseTestClusterMembership = false;
            builder.Options.ConnectionTransport = ConnectionTransportType.TcpSocket;
            builder.AddSiloBuilderConfigurator<ProcessSilo>();
            builder.AddClientBuilderConfigurator<ProcessClient>();
        });

        Assert.Null(cluster.Primary);
        Assert.Equal(["Secondary_0", "Secondary_1"], cluster.SecondarySilos.Select(silo => silo.Name).Order());
        Assert.Equal(cluster.Silos, cluster.SecondarySilos);
        await Assert.ThrowsAsync<InvalidOperationException>(cluster.StopPrimarySiloAsync);
        Assert.Equal(5, await cluster.Client.GetGrain<ISignatureGrain>("it").AddAsync(5).Within("a call"));
    }

    [Fact]
    public async Task DeployAsync_Silos_AreFound()
    {
        await using var cluster = await ClusterHosting.DeployAsync(3);

        Assert.All(cluster.Silos, silo => Assert.Same(silo, cluster.GetSiloForAddress(silo.SiloAddress)));
        Assert.All(cluster.Silos, silo => Assert.True(silo.IsActive));
        Assert.Equal(6, cluster.Silos.SelectMany(silo => new[] { silo.SiloAddress.Endpoint, silo.GatewayAddress!.Endpoint }).Distinct().Count());
    }

    [InProcessFact]
    public async Task Properties_OfBuilder_AreConfigurationOfSilosAndConfigurators()
    {
        await using var cluster = await ClusterHosting.DeployAsync(1, builder =>
        {
            builder.Properties["Conformance:Word"] = "seven";
            builder.AddSiloBuilderConfigurator<WordSilo>();
        });

        Assert.Equal("seven", cluster.GetSiloServiceProvider().GetRequiredService<WordService>().Word);
    }

    [Fact]
    public async Task StopClusterClientAsync_ThenInitialize_GivesANewClient()
    {
        await using var cluster = await ClusterHosting.DeployAsync(1);
        await cluster.Client.GetGrain<ISignatureGrain>("it").AddAsync(5).Within("a call of the first client");

        await cluster.StopClusterClientAsync().Within("the stop of the client");
        await cluster.InitializeClientAsync().Within("the second client");

        Assert.Equal(12, await cluster.Client.GetGrain<ISignatureGrain>("it").AddAsync(7).Within("a call of the second client"));
    }

    [Fact]
    public async Task StartAdditionalSilosAsync_Two_AreActive()
    {
        await using var cluster = await ClusterHosting.DeployAsync(1);

        var added = await cluster.StartAdditionalSilosAsync(2).Within("two more silos");

        Assert.Equal(2, added.Count);
        var hosts = await cluster.Client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true).Within("the active silos");
        Assert.Equal(cluster.Silos.Select(silo => silo.SiloAddress).ToHashSet(), hosts.Keys.ToHashSet());
        Assert.Equal(3, hosts.Count);
    }

    public sealed class WordSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) =>
            siloBuilder.Services.AddSingleton(new WordService(siloBuilder.Configuration["Conformance:Word"]));
    }

    public sealed record WordService(string? Word);
}
