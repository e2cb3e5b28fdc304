using System.Net;
using Microsoft.Extensions.Configuration;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Tests.Hosting;

public sealed class SiloHostingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task StartAsync_NoClustering_SaysWhatToCall()
    {
        using var host = Build(_ => { });

        var exception = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync().WaitAsync(Limit));

        Assert.StartsWith("Clustering has not been configured.", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 30_000)]
    [InlineData(70_000, 30_000)]
    [InlineData(11_111, -1)]
    public async Task StartAsync_PortOutOfRange_Throws(int siloPort, int gatewayPort)
    {
        using var host = Build(silo => silo.UseLocalhostClustering(siloPort, gatewayPort, new IPEndPoint(IPAddress.Loopback, 1)));

        await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync().WaitAsync(Limit));
    }

    [Fact]
    public async Task StartAsync_SecondSiloWithoutPrimary_Throws()
    {
        var (own, other) = (FreePorts.Next(), FreePorts.Next());
        using var host = Build(silo => silo.UseLocalhostClustering(own, 0, new IPEndPoint(IPAddress.Loopback, other)));

        var exception = await Assert.ThrowsAsync<OrleansException>(() => host.StartAsync().WaitAsync(Limit));

        Assert.Contains($"127.0.0.1:{other}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_AddressOfAnActiveSilo_FailsAndLeavesThatAlone()
    {
        var (primaryPort, ownPort) = (FreePorts.Next(), FreePorts.Next());
        using var primary = Build(silo => silo.UseLocalhostClustering(primaryPort, 0));
        using var host = Build(silo => silo.UseLocalhostClustering(ownPort, 0, new IPEndPoint(IPAddress.Loopback, primaryPort)));
        await primary.StartAsync().WaitAsync(Limit);
        var table = primary.Services.GetRequiredService<IMembershipTable>();
        var address = host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var row = new MembershipEntry { SiloAddress = address, Status = SiloStatus.Active, SiloName = "another", StartTime = now, IAmAliveTime = now };
        Assert.True(await table.InsertRow(row, (await table.ReadAll()).Version.Next()));

        var exception = await Assert.ThrowsAsync<OrleansException>(() => host.StartAsync().WaitAsync(Limit));

        Assert.Contains("had this address and is Active", exception.Message, StringComparison.Ordinal);
        Assert.Equal(SiloStatus.Active, (await table.ReadAll()).TryGet(address)!.Item1.Status);
    }

    [Fact]
    public async Task UseLocalhostClustering_TwoSilos_FormOneCluster()
    {
        var (primaryPort, secondaryPort) = (FreePorts.Next(), FreePorts.Next());
        using var primary = Build(silo => silo.UseLocalhostClustering(primaryPort, 0));
        using var secondary = Build(silo => silo.UseLocalhostClustering(secondaryPort, 0, new IPEndPoint(IPAddress.Loopback, primaryPort)));
        await primary.StartAsync().WaitAsync(Limit);

        await secondary.StartAsync().WaitAsync(Limit);

        var hosts = await secondary.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetHosts(true).WaitAsync(Limit);
        Assert.Equal(new[] { primaryPort, secondaryPort }.Order(), hosts.Keys.Select(silo => silo.Endpoint.Port).Order());
        await secondary.StopAsync().WaitAsync(Limit);
        await DeathAsync(primary, secondary).WaitAsync(Limit);
        await primary.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public void Configuration_SectionOrleans_SetsOptions()
    {
        var values = new Dictionary<string, string?>
        {
            ["Orleans:ClusterId"] = "one",
            ["Orleans:ServiceId"] = "two",
            ["Orleans:Name"] = "three",
            ["Orleans:Endpoints:SiloPort"] = "1234",
            ["Orleans:Messaging:ResponseTimeout"] = "00:00:07",
        };

        using var host = Build(silo => silo.UseLocalhostClustering(), values);

        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        Assert.Equal(("one", "three"), (details.ClusterId, details.Name));
        Assert.Equal("two", host.Services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId);
        Assert.Equal(TimeSpan.FromSeconds(7), host.Services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value.ResponseTimeout);
    }

    [Theory]
    [InlineData("Orleans:Embedded:Transport", false)]
    [InlineData("Orleans:ClusterId", true)]
    public void Configuration_SectionOrleans_IsBoundIfItHasOptions(string key, bool isBound)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new(key, "InMemory")]).Build());

        services.AddOrleans(silo => silo.UseLocalhostClustering());

        Assert.Equal(isBound, services.Any(service => service.ServiceType == typeof(IOptionsChangeTokenSource<ClusterOptions>)));
    }

    [Fact]
    public void UseLocalhostClustering_IdsOfUser_AreKept()
    {
        using var host = Build(silo => silo.UseLocalhostClustering().Configure<ClusterOptions>(cluster => cluster.ClusterId = "mine"));

        var cluster = host.Services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        Assert.Equal(("mine", "default"), (cluster.ClusterId, cluster.ServiceId));
    }

    [Fact]
    public void SiloName_NotSet_IsSiloAndFiveDigits()
    {
        using var host = Build(silo => silo.UseLocalhostClustering());

        Assert.Matches("^Silo_[0-9A-F]{5}$", host.Services.GetRequiredService<ILocalSiloDetails>().Name);
    }

    [Fact]
    public void ConfigureEndpoints_UnknownHost_Throws()
    {
        Assert.Throws<ArgumentException>(() => Build(silo => silo.ConfigureEndpoints("no-such-host.invalid", 1, 2)));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("255.255.255.255")]
    public void AdvertisedIPAddress_StandsForAll_Throws(string address)
    {
        Assert.Throws<ArgumentException>(() => new EndpointOptions { AdvertisedIPAddress = IPAddress.Parse(address) });
    }

    [Fact]
    public async Task StopAsync_AfterFailedStart_StopsParticipantsOnce()
    {
        var participant = new FailingParticipant();
        using var host = Build(silo =>
        {
            silo.UseLocalhostClustering(FreePorts.Next(), 0);
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(participant);
        });

        await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync().WaitAsync(Limit));
        await host.StopAsync().WaitAsync(Limit);

        Assert.Equal(1, participant.Stops);
    }

    private static async Task DeathAsync(IHost observer, IHost observed)
    {
        var silo = observed.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        await foreach (var snapshot in observer.Services.GetRequiredService<IClusterMembershipService>().MembershipUpdates)
        {
            if (snapshot.GetSiloStatus(silo) == SiloStatus.Dead)
            {
                return;
            }
        }
    }

    private static IHost Build(Action<ISiloBuilder> configure, Dictionary<string, string?>? values = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(values ?? []);
        builder.UseOrleans(configure);
        return builder.Build();
    }

    private sealed class FailingParticipant : ILifecycleParticipant<ISiloLifecycle>
    {
        public int Stops { get; private set; }

        public void Participate(ISiloLifecycle lifecycle)
        {
            lifecycle.Subscribe("stops", ServiceLifecycleStage.ApplicationServices, _ => Task.CompletedTask, _ =>
            {
                Stops++;
                return Task.CompletedTask;
            });
            lifecycle.Subscribe("fails", ServiceLifecycleStage.Active, _ => throw new InvalidOperationException("no"));
        }
    }
}
