using Dpark.Conformance.Activations;
using Dpark.Conformance.Clusters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Conformance.Hosting;

/// <summary>The test cluster whose hosts are configured by delegates.</summary>
public sealed class InProcessClusterTests
{
    [InProcessFact]
    public async Task Delegates_OfTheBuilder_ConfigureSilosAndClient()
    {
        var names = new List<string>();
        var builder = new InProcessTestClusterBuilder(2);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) =>
        {
            lock (names)
            {
                names.Add(options.SiloName);
            }

            silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(11));
        });
        builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(12)));
        builder.ConfigureHost(host => host.Services.AddSingleton(new Word("of all hosts")));
        builder.ConfigureSiloHost((_, host) => host.Services.AddSingleton<SiloWord>());
        await using var cluster = builder.Build();

        await cluster.DeployAsync().Within("the start of the cluster");

        Assert.Equal(2, names.Distinct().Count());
        Assert.Equal(cluster.Silos.Select(silo => silo.Name).Order(), names.Order());
        Assert.All(cluster.Silos, silo => Assert.Equal("of all hosts", silo.ServiceProvider.GetRequiredService<SiloWord>().Word.Text));
        Assert.Equal(TimeSpan.FromSeconds(11), cluster.Silos[0].ServiceProvider.GetRequiredService<Microsoft.Extensions.Options.IOptions<SiloMessagingOptions>>().Value.ResponseTimeout);
        Assert.Equal(TimeSpan.FromSeconds(12), cluster.Client.ServiceProvider.GetRequiredService<Microsoft.Extensions.Options.IOptions<ClientMessagingOptions>>().Value.ResponseTimeout);
        Assert.Equal("of all hosts", cluster.Client.ServiceProvider.GetRequiredService<Word>().Text);
    }

    [InProcessFact]
    public async Task Silos_StoppedKilledAndAdded_LeaveAClusterThatAnswers()
    {
        var builder = new InProcessTestClusterBuilder(3);
        builder.Options.ConfigureFileLogging = false;
        await using var cluster = builder.Build();
        await cluster.DeployAsync().Within("the start of the cluster");
        var first = cluster.Silos[0];

        await cluster.StopSiloAsync(first).Within("the stop of the first silo");
        await cluster.KillSiloAsync(cluster.Silos[0]).Within("the kill of another");
        var added = await cluster.StartAdditionalSiloAsync().Within("one more silo");
        await cluster.WaitForLivenessToStabilizeAsync().Within("the silos seeing each other");
        var grains = Enumerable.Range(0, 20).Select(_ => cluster.Client.GetGrain<ILifetimeGrain>(TestKeys.New(), typeof(LifetimeGrain).FullName));
        var visits = await Task.WhenAll(grains.Select(grain => grain.VisitAsync())).Within("twenty calls");

        Assert.Equal(2, cluster.GetActiveSilos().Count());
        Assert.Contains(added, cluster.GetActiveSilos());
        Assert.Same(added, cluster.GetSiloForAddress(added.SiloAddress));
        Assert.Subset(cluster.GetActiveSilos().Select(silo => silo.SiloAddress).ToHashSet(), visits.Select(visit => visit.Silo!).ToHashSet());
        await cluster.StopAllSilosAsync().Within("the stop of the cluster");
        Assert.Empty(cluster.GetActiveSilos());
    }

    public sealed record Word(string Text);

    public sealed class SiloWord(Word word)
    {
        public Word Word => word;
    }
}

/// <summary>What the other test cluster offers besides.</summary>
public sealed class TestClusterMemberTests
{
    [InProcessFact]
    public async Task HostConfigurators_OfSiloAndClient_SeeTheConfiguration()
    {
        await using var cluster = await ClusterHosting.DeployAsync(1, builder =>
        {
            builder.ConfigureHostConfiguration(configuration => configuration.AddInMemoryCollection([new("Conformance:Colour", "green")]));
            builder.AddSiloBuilderConfigurator<ColouredHost>();
            builder.AddClientBuilderConfigurator<ColouredHost>();
        });

        Assert.Equal("green", cluster.GetSiloServiceProvider().GetRequiredService<Colour>().Name);
        Assert.Equal("green", cluster.ServiceProvider.GetRequiredService<Colour>().Name);
        Assert.Equal(cluster.GrainFactory.GetGrain<ILifetimeGrain>("x", typeof(LifetimeGrain).FullName), cluster.Client.GetGrain<ILifetimeGrain>("x", typeof(LifetimeGrain).FullName));
    }

    [InProcessFact]
    public async Task StopSecondarySilosAsync_LeavesThePrimary()
    {
        await using var cluster = await ClusterHosting.DeployAsync(3);

        await cluster.StopSecondarySilosAsync().Within("the stop of the others");

        Assert.Equal([cluster.Primary!], cluster.GetActiveSilos());
        Assert.Empty(cluster.SecondarySilos);
    }

    [Fact]
    public void GetLivenessStabilizationTime_OfDefaults_IsLongerAfterAKillAndWithoutGossip()
    {
        var options = new ClusterMembershipOptions();
        var withGossip = TestCluster.GetLivenessStabilizationTime(options);

        Assert.Equal(TimeSpan.FromSeconds(5), withGossip);
        Assert.True(TestCluster.GetLivenessStabilizationTime(options, didKill: true) >= withGossip + (options.ProbeTimeout * options.NumMissedProbesLimit));
        options.UseLivenessGossip = false;
        Assert.True(TestCluster.GetLivenessStabilizationTime(options) > withGossip);
    }

    public sealed class ColouredHost : IHostConfigurator
    {
        public void Configure(IHostBuilder hostBuilder)
        {
            var name = hostBuilder.GetConfigurationValue("Conformance:Colour");
            hostBuilder.ConfigureServices(services => services.AddSingleton(new Colour(name)));
        }
    }

    public sealed record Colour(string? Name);
}
