using System.Diagnostics;
using Dpark.Clusters;
using Dpark.Configuration;
using Dpark.TestKit;
using Microsoft.Extensions.Logging;

namespace Dpark.Tests.Process.Clusters;

/// <summary>A redis-server and silos that find each other through it, each a process. Everything ends with the test.</summary>
internal sealed class ChildCluster : IAsyncDisposable
{
    /// <summary>How long a silo may be silent before the others declare it dead.</summary>
    public static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(3);

    private const int MaxAttempts = 4;

    private readonly TestDirectory _directory;
    private readonly TimeSpan? _aliveInterval;

    private ChildCluster(TestDirectory directory, RedisServer redis, TimeSpan? aliveInterval, string[] arguments)
    {
        _directory = directory;
        _aliveInterval = aliveInterval;
        Redis = redis;
        Arguments = arguments;
    }

    public RedisServer Redis { get; }

    public string Id { get; } = $"c-{Guid.NewGuid():N}";

    public List<ChildSilo> Silos { get; } = [];

    /// <summary>What each silo gets beside what the cluster gives it.</summary>
    private string[] Arguments { get; }

    /// <summary>Starts a cluster, and waits until each silo is ready.</summary>
    /// <param name="arguments">For each silo, beside Redis, id, ports and work directory.</param>
    public static Task<ChildCluster> StartAsync(int siloCount, params string[] arguments) => StartAsync(siloCount, aliveInterval: null, arguments);

    /// <summary>Starts a cluster that soon knows that all, or most, of its silos are gone: votes of silos are not waited for that have missed three intervals.</summary>
    /// <param name="aliveInterval">How often a silo says that it lives. <see langword="null"/>: the runtime's default, half a minute.</param>
    public static async Task<ChildCluster> StartAsync(int siloCount, TimeSpan? aliveInterval, params string[] arguments)
    {
        var directory = new TestDirectory();
        var cluster = new ChildCluster(directory, await RedisServer.StartAsync(Directory.CreateDirectory(directory.PathOf("redis")).FullName), aliveInterval, arguments);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, siloCount).Select(_ => cluster.AddSiloAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more silo, and waits until it is ready.</summary>
    public async Task<ChildSilo> AddSiloAsync()
    {
        // A second per probe, as three in a row must be missed.
        var environment = new Dictionary<string, string>
        {
            ["Orleans__ClusterMembership__ProbeTimeout"] = $"{ProbeTime / 3}",
            ["Orleans__ClusterMembership__NumMissedProbesLimit"] = "3",

            // Also the same when the silo is started again.
            ["Dpark__BlockServer__Port"] = FreePorts.Next().ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (_aliveInterval is { } interval)
        {
            environment["Orleans__ClusterMembership__IAmAliveTablePublishTimeout"] = $"{interval}";
        }

        int index;
        lock (Silos)
        {
            index = Silos.Count;
            Silos.Add(Start(index));
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Silos[index].Ready;
                return Silos[index];
            }
            catch (InvalidOperationException) when (attempt < MaxAttempts)
            {
                // It gives up after 5 s without an answer, which is nothing on a machine with much to do.
                await Silos[index].DisposeAsync();
                lock (Silos)
                {
                    Silos[index] = Start(index);
                }
            }
        }

        ChildSilo Start(int index) => ChildSilo.Start(
            ["--redis", Redis.Address, "--cluster-id", Id, "--work-dir", WorkPathOf(index), "--cores", "2", .. Arguments], environment);
    }

    /// <summary>Kills a silo and starts another one with the same ports and the same work directory, and waits until it is ready.</summary>
    public async Task<ChildSilo> RestartSiloAsync(int index)
    {
        var before = Silos[index];
        await before.KillAsync();
        var after = before.StartAgain();
        Silos[index] = after;
        await before.DisposeAsync();
        await after.Ready;
        return after;
    }

    /// <summary>What a client in this process says to connect.</summary>
    public ConnectOptions NewOptions(bool throughRedis = true)
    {
        var options = new ConnectOptions { ClusterId = Id, MinimumLogLevel = LogLevel.Critical, Timeout = TimeSpan.FromMinutes(1) };
        if (throughRedis)
        {
            options.Redis = Redis.Address;
        }
        else
        {
            Silos.ForEach(silo => options.Gateways.Add(silo.Gateway));
        }

        return options;
    }

    /// <param name="sparesLastWorker">Whether a job fails when two of three workers died with the same task; wrong where a test kills both.</param>
    public Task<DparkContext> ConnectAsync(bool sparesLastWorker = true)
    {
        var options = NewOptions();
        options.Client.Scheduler.SpareLastWorker = sparesLastWorker;
        return ConnectAsync(options);
    }

    /// <summary>Connects to a cluster that is there. A machine with much to do may not answer within the limits of a client, so it is tried several times.</summary>
    public static async Task<DparkContext> ConnectAsync(ConnectOptions options)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await DparkContext.ConnectAsync(options);
            }
            catch (ClusterUnreachableException) when (attempt < MaxAttempts)
            {
            }
        }
    }

    /// <summary>Where a silo has its files.</summary>
    /// <param name="index">In the order of the starts.</param>
    public string WorkPathOf(int index) => _directory.PathOf($"work/{index}");

    /// <summary>Files of applications in the work directories of a silo: none after they have ended.</summary>
    public IEnumerable<string> FilesOf(int index) => Directory.EnumerateFiles(WorkPathOf(index), "*", SearchOption.AllDirectories)
        .Where(path => path.Contains($"{Path.DirectorySeparatorChar}app-", StringComparison.Ordinal));

    /// <summary>Waits until no silo has files of applications.</summary>
    /// <exception cref="TimeoutException">There are some at the limit; says which, and what the silos have written.</exception>
    public async Task UntilNoFilesAsync(TimeSpan limit)
    {
        // Asked now and then instead of watched: a watcher sees no change in a directory that is made and deleted before it has begun to look there.
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var startedAt = Stopwatch.GetTimestamp();
        while (ListFiles() is { Length: > 0 } files)
        {
            if (Stopwatch.GetElapsedTime(startedAt) > limit)
            {
                throw new TimeoutException($"After {limit} there are still {string.Join(", ", files)}. {Logs()}");
            }

            await timer.WaitForNextTickAsync();
        }
    }

    private string[] ListFiles()
    {
        try
        {
            return [.. Enumerable.Range(0, Silos.Count).SelectMany(FilesOf)];
        }
        catch (DirectoryNotFoundException e)
        {
            // One is being deleted.
            return [e.Message];
        }
    }

    /// <summary>A path that all processes see.</summary>
    public string PathOf(string name) => _directory.PathOf(name);

    /// <summary>What the silos have written, for the message of a test that fails.</summary>
    public string Logs() => string.Join(Environment.NewLine, Silos.Select(silo => $"--- silo {silo.Port}{Environment.NewLine}{silo.Log}"));

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in Silos)
        {
            await silo.DisposeAsync();
        }

        await Redis.DisposeAsync();
        _directory.Dispose();
    }
}
