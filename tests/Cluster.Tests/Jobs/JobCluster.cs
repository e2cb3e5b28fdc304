using Dpark.Broadcasting;
using Dpark.Configuration;
using Dpark.Hosting;
using Dpark.Workers;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Jobs;

/// <summary>A test cluster whose silos are workers, with one root for all their work directories.</summary>
internal sealed class JobCluster : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>A setting for tests that look for files of map outputs: small ones are not kept in memory.</summary>
    public static readonly (string Key, string Value) OutputsAreFiles = ("Dpark:Shuffle:MaxMemoryBytes", "0");

    private JobCluster(TestCluster cluster, string root) => (Cluster, Root) = (cluster, root);

    public TestCluster Cluster { get; }

    public string Root { get; }

    public static Task<JobCluster> StartAsync(short siloCount = 3, params (string Key, string Value)[] settings) => StartAsync(siloCount, static _ => { }, settings);

    public static async Task<JobCluster> StartAsync(short siloCount, Action<TestClusterBuilder> configure, params (string Key, string Value)[] settings)
    {
        var root = Directory.CreateTempSubdirectory("dpark-jobs-").FullName;
        var builder = new TestClusterBuilder(siloCount);
        builder.Properties["Dpark:WorkDirectory:Roots:0"] = root;
        builder.Properties["Dpark:Executor:SlotCount"] = "2";
        foreach (var (key, value) in settings)
        {
            builder.Properties[key] = value;
        }

        builder.AddSiloBuilderConfigurator<WorkerConfigurator>();
        configure(builder);
        var cluster = new JobCluster(builder.Build(), root);
        await cluster.Cluster.DeployAsync().WaitAsync(Limit);
        return cluster;
    }

    public static WorkerId IdOf(SiloHandle silo) => new(silo.SiloAddress.ToParsableString());

    public DparkContext NewContext(Action<DparkClientOptions>? configure = null)
    {
        var options = new DparkClientOptions { ApplicationName = "test" };
        configure?.Invoke(options);
        return new DparkContext(Cluster.Client, options);
    }

    /// <summary>Who has a broadcast value; <see langword="null"/> if it is not published.</summary>
    public Task<BroadcastContent?> LocateAsync(DparkContext context, BroadcastId broadcast) =>
        Cluster.Client.GetGrain<IBroadcastGrain>(BroadcastNames.KeyOf(context.Application, BroadcastNames.Of(broadcast))).LocateAsync(CancellationToken.None);

    /// <summary>Files that workers keep of applications; a worker's own marks are left out.</summary>
    public IReadOnlyList<string> FilesOf(Dpark.Applications.AppId application) =>
        [.. Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories).Where(path => path.Contains(application.Value, StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }

    private sealed class WorkerConfigurator : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.AddDparkWorker();
    }
}
