using Dpark.Conformance.Calls;
using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Conformance.Hosting;

public sealed class SiloHostTests
{
    [InProcessFact]
    public async Task StartAndStop_HostedServicesAndStages_AreOrdered()
    {
        var record = new HostRecord();
        var builder = SiloHosts.NewBuilder();
        builder.Services.AddSingleton<IHostedService>(new RecordingService("before", record));
        int[] stages =
        [
            ServiceLifecycleStage.Active, ServiceLifecycleStage.RuntimeInitialize,
            ServiceLifecycleStage.Active + 1, ServiceLifecycleStage.ApplicationServices,
        ];
        builder.UseSilo(silo => silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(new StageRecorder(record, stages)));
        builder.Services.AddSingleton<IHostedService>(new RecordingService("after", record));
        using var host = builder.Build();

        await host.StartAsync().Within("the start of the host");
        var started = record.Take();
        await host.StopAsync().Within("the stop of the host");
        var stopped = record.Take();

        string[] expectedStart =
            ["before starting", "after starting", "before start", "stage 2000", "stage 10000", "stage 20000", "stage 20001", "after start"];
        string[] expectedStop = ["after stop", "stop 20001", "stop 20000", "stop 10000", "stop 2000", "before stop"];
        Assert.Equal(expectedStart, started);
        Assert.Equal(expectedStop, stopped);
    }

    [InProcessFact]
    public async Task GrainCalls_ByPlaceInTheHost_AreRefusedOrAnswered()
    {
        var record = new HostRecord();
        IHost? host = null;
        var builder = SiloHosts.NewBuilder();
        builder.Services.AddSingleton<IHostedService>(new RecordingService("before", record, () => AddOneAsync(host!.Services)));
        builder.UseSilo(silo => silo.AddStartupTask(async (services, _) => record.Add($"task: {await AddOneAsync(services)}")));
        builder.Services.AddSingleton<IHostedService>(new RecordingService("after", record, () => AddOneAsync(host!.Services)));
        host = builder.Build();
        using var disposed = host;

        await host.StartAsync().Within("the start of the host");
        var running = await AddOneAsync(host.Services).Within("a call while the silo runs");
        await host.StopAsync().Within("the stop of the host");
        var stopped = await AddOneAsync(host.Services).Within("a call after the stop");

        var calls = record.Entries.Where(entry => entry.Contains(':', StringComparison.Ordinal));
        Assert.Equal(["before start: OrleansException", "task: 1", "after start: 1"], calls);
        Assert.Equal("1", running);
        Assert.Equal(nameof(SiloUnavailableException), stopped);
    }

    [InProcessFact]
    public async Task StartupTask_Throws_FailsTheStart()
    {
        var record = new HostRecord();
        var builder = SiloHosts.NewBuilder();
        builder.UseSilo(silo =>
        {
            silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(new StageRecorder(record, ServiceLifecycleStage.RuntimeInitialize));
            silo.AddStartupTask((_, _) => throw new InvalidDataException("no data"));
        });
        using var host = builder.Build();

        var exception = await host.StartAsync().FailureWithin("the start of the host");

        string[] afterStart = [.. record.Entries];
        await host.StopAsync().Within("the stop of the host");

        Assert.Equal("no data", Assert.IsType<InvalidDataException>(exception.GetBaseException()).Message);
        Assert.Equal(Differences.FailedStartsAreStoppedByTheHost ? ["stage 2000"] : ["stage 2000", "stop 2000"], afterStart);
        Assert.Equal(["stage 2000", "stop 2000"], record.Entries);
    }

    [InProcessFact]
    public async Task UseOrleans_Twice_ConfiguresOneSilo()
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseSilo();
        builder.UseOrleans(silo => silo.Configure<SiloOptions>(options => options.SiloName = "named"));
        using var host = builder.Build();

        await host.StartAsync().Within("the start of the host");
        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        var hosts = await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetHosts().Within("the silos");
        await host.StopAsync().Within("the stop of the host");

        Assert.Equal("named", details.Name);
        Assert.Equal(("default", "default"), (details.ClusterId, host.Services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId));
        Assert.Equal([details.SiloAddress], hosts.Keys);
    }

    [InProcessFact]
    public void UseOrleans_AndClientInOneHost_Throws()
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseSilo();

        Assert.Throws<OrleansConfigurationException>(() =>
        {
            builder.UseOrleansClient(client => client.UseLocalhostClustering());
            builder.Build().Dispose();
        });
    }

    [InProcessFact]
    public async Task CollectionAge_NotAboveQuantum_FailsTheStart()
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseSilo(silo => silo.Configure<GrainCollectionOptions>(options => options.CollectionAge = options.CollectionQuantum));
        using var host = builder.Build();

        var exception = await Task.Run(() => host.StartAsync()).FailureWithin("the start of the host");

        Assert.Contains("CollectionAge", Assert.IsType<OrleansConfigurationException>(exception).Message, StringComparison.Ordinal);
        Assert.Contains("CollectionQuantum", exception.Message, StringComparison.Ordinal);
    }

    [InProcessFact]
    public async Task CollectionQuantum_OfZero_FailsTheStart()
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseSilo(silo => silo.Configure<GrainCollectionOptions>(options => options.CollectionQuantum = TimeSpan.Zero));
        using var host = builder.Build();

        var exception = await Task.Run(() => host.StartAsync()).FailureWithin("the start of the host");

        Assert.IsType(Differences.ZeroQuantumIsUnchecked ? typeof(DivideByZeroException) : typeof(OrleansConfigurationException), exception);
    }

    [InProcessFact]
    public void LocalhostClustering_Ids_AreTheLastOnesThatWereGiven()
    {
        var given = IdsOf(silo => silo.Configure<ClusterOptions>(options => options.ClusterId = "mine").UseLocalhostClustering(1, 0, null, "s", "c"));
        var kept = IdsOf(silo => silo.Configure<ClusterOptions>(options => options.ClusterId = "mine").UseLocalhostClustering(1, 0));
        var replaced = IdsOf(silo => silo.UseLocalhostClustering(1, 0, null, "s", "c").Configure<ClusterOptions>(options => options.ClusterId = "mine"));

        Assert.Equal([("s", "c"), ("default", "mine"), ("s", "mine")], [given, kept, replaced]);
    }

    [InProcessFact]
    public async Task BlankClusterId_FailsTheStart()
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseSilo(silo => silo.Services.PostConfigure<ClusterOptions>(options => options.ClusterId = " "));
        using var host = builder.Build();

        var exception = await Task.Run(() => host.StartAsync()).FailureWithin("the start of the host");

        Assert.Contains("ClusterId", Assert.IsType<OrleansConfigurationException>(exception).Message, StringComparison.Ordinal);
    }

    private static (string ServiceId, string ClusterId) IdsOf(Action<ISiloBuilder> configure)
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseOrleans(configure);
        using var host = builder.Build();
        var options = host.Services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        return (options.ServiceId, options.ClusterId);
    }

    private static async Task<string> AddOneAsync(IServiceProvider services)
    {
        try
        {
            return $"{await services.GetRequiredService<IGrainFactory>().GetGrain<ISignatureGrain>(TestKeys.New()).AddAsync(1)}";
        }
        catch (OrleansException exception)
        {
            return exception.GetType().Name;
        }
    }
}
