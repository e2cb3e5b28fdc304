using System.Security.Cryptography;
using Dpark.Applications;
using Dpark.Broadcasting;
using Dpark.Closures;
using Dpark.Configuration;
using Dpark.Hosting;
using Dpark.Rdds;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Clusters;

/// <summary>A test cluster whose silos are workers with work directories of their own, and what a driver does by hand.</summary>
internal sealed class GrainsCluster : IAsyncDisposable
{
    /// <summary>The longest that a test waits for anything.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ClosureSerializer _closures = new();
    private readonly Dictionary<(AppId, WorkerId), OutboxCursor> _cursors = [];

    private GrainsCluster(TestCluster cluster, string root)
    {
        Cluster = cluster;
        Root = root;
        Blocks = new(ReadOnlyMemory<byte>.Empty, new BlockClientOptions());
    }

    public TestCluster Cluster { get; }

    /// <summary>Under which all workers have their work directories.</summary>
    public string Root { get; }

    public BlockClient Blocks { get; }

    public IMasterGrain Master => Cluster.Client.GetGrain<IMasterGrain>(IMasterGrain.Key);

    /// <param name="settings">Configuration of every silo, such as <c>("Dpark:Executor:SlotCount", "4")</c>.</param>
    public static async Task<GrainsCluster> StartAsync(short siloCount, params (string Key, string Value)[] settings)
    {
        var root = Directory.CreateTempSubdirectory("dpark-test-").FullName;
        var builder = new TestClusterBuilder(siloCount);
        builder.Properties["Dpark:WorkDirectory:Roots:0"] = root;
        builder.Properties["Dpark:Executor:SlotCount"] = "2";
        foreach (var (key, value) in settings)
        {
            builder.Properties[key] = value;
        }

        builder.AddSiloBuilderConfigurator<WorkerConfigurator>();
        var cluster = new GrainsCluster(builder.Build(), root);
        await cluster.Cluster.DeployAsync().WaitAsync(Limit);
        return cluster;
    }

    /// <summary>An application id that no other test has.</summary>
    public static AppId NewApplication() => new($"app-{Guid.NewGuid():N}");

    public static ApplicationInfo Describe(AppId application) => new(application, "test", "tester", "here", new(2026, 11, 26, 0, 0, 0, TimeSpan.Zero));

    public static WorkerId IdOf(SiloHandle silo) => new(silo.SiloAddress.ToParsableString());

    /// <summary>The worker behind the grains of a silo.</summary>
    public static Worker WorkerOf(SiloHandle silo) => ((InProcessSiloHandle)silo).ServiceProvider.GetRequiredService<LocalWorker>().Get();

    public IWorkerGrain Worker(int silo = 0) => Cluster.Client.GetGrain<IWorkerGrain>(IdOf(Cluster.Silos[silo]).Value);

    public IApplicationGrain Application(AppId application) => Cluster.Client.GetGrain<IApplicationGrain>(application.Value);

    public IBroadcastGrain Broadcast(AppId application, string name) => Cluster.Client.GetGrain<IBroadcastGrain>(BroadcastNames.KeyOf(application, name));

    /// <summary>Ends the activation of a grain, and nothing else.</summary>
    public static async Task LoseActivationAsync(IAddressable grain) => await grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();

    /// <summary>Publishes a program that runs a function.</summary>
    public Task<StageProgramId> PublishAsync(AppId application, Func<Partition, TaskContext, byte[]> body) => PublishAsync(application, new FunctionProgram(body));

    /// <summary>Publishes a program.</summary>
    public async Task<StageProgramId> PublishAsync(AppId application, StageProgram stageProgram)
    {
        var (program, bytes) = Serialize(stageProgram);
        await Broadcast(application, BroadcastNames.Of(program)).PublishAsync(new(bytes.Length, bytes, []), CancellationToken.None);
        return program;
    }

    /// <summary>A program and its bytes, which nobody knows.</summary>
    public (StageProgramId Program, byte[] Bytes) Serialize(Func<Partition, TaskContext, byte[]> body) => Serialize(new FunctionProgram(body));

    public TaskLaunch Launch(AppId application, StageProgramId program, int partition = 0, int attempt = 0, long mapOutputEpoch = 0) =>
        new(new(application, 0, 0, partition, attempt), program, _closures.Serialize(new Partition(partition), null).Bytes, mapOutputEpoch);

    private (StageProgramId Program, byte[] Bytes) Serialize(StageProgram stageProgram)
    {
        var bytes = _closures.Serialize(stageProgram, null).Bytes;
        return (new StageProgramId(Convert.ToHexStringLower(SHA256.HashData(bytes))), bytes);
    }

    /// <summary>Launches one attempt and returns its report.</summary>
    public async Task<TaskReport> RunAsync(AppId application, StageProgramId program, int silo = 0, int partition = 0, long epoch = 1)
    {
        Assert.Empty(await Worker(silo).LaunchAsync(new(application, epoch, [Launch(application, program, partition)]), CancellationToken.None));
        return await NextReportAsync(application, silo);
    }

    /// <summary>The next report of an application from a worker.</summary>
    public async Task<TaskReport> NextReportAsync(AppId application, int silo = 0) => Assert.Single(await NextReportsAsync(application, 1, silo));

    /// <summary>The next reports of an application from a worker.</summary>
    public async Task<TaskReport[]> NextReportsAsync(AppId application, int count, int silo = 0)
    {
        using var limit = new CancellationTokenSource(Limit);
        List<TaskReport> reports = [];
        while (reports.Count < count)
        {
            limit.Token.ThrowIfCancellationRequested();
            reports.AddRange((await PollAsync(application, TimeSpan.FromSeconds(5), silo)).Reports);
        }

        return [.. reports];
    }

    /// <summary>Polls once and moves the cursor.</summary>
    public async Task<OutboxBatch> PollAsync(AppId application, TimeSpan maxWait, int silo = 0)
    {
        var key = (application, IdOf(Cluster.Silos[silo]));
        var batch = await Worker(silo).PollAsync(application, _cursors.GetValueOrDefault(key), maxWait, CancellationToken.None);
        _cursors[key] = batch.Next;
        return batch;
    }

    /// <summary>The first list of the master that is as wanted.</summary>
    public async Task<WorkerList> WaitForWorkersAsync(Func<WorkerList, bool> isWanted)
    {
        using var limit = new CancellationTokenSource(Limit);
        var list = await Master.WatchWorkersAsync(default, 0, TimeSpan.Zero, limit.Token);
        while (!isWanted(list))
        {
            list = await Master.WatchWorkersAsync(list.Generation, list.Version, TimeSpan.FromSeconds(5), limit.Token);
        }

        return list;
    }

    public async ValueTask DisposeAsync()
    {
        Blocks.Dispose();
        await Cluster.DisposeAsync();
        if (Directory.Exists(Root))
        {
            Directory.Delete(Root, recursive: true);
        }
    }
}

/// <summary>Makes the silos of a test cluster workers.</summary>
internal sealed class WorkerConfigurator : ISiloConfigurator
{
    public void Configure(ISiloBuilder siloBuilder) => siloBuilder.AddDparkWorker();
}

/// <summary>Runs a function of the test.</summary>
internal sealed class FunctionProgram(Func<Partition, TaskContext, byte[]> body) : StageProgram
{
    public override TaskOutput Run(Partition partition, TaskContext context) => new ResultOutput(body(partition, context), 1);
}
