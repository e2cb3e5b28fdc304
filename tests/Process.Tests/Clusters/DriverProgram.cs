using System.Diagnostics;
using System.Globalization;
using Dpark.Tests.Process.Documents;

namespace Dpark.Tests.Process.Clusters;

/// <summary>A driver as a process, whose tasks never end.</summary>
internal sealed class DriverProgram : IDisposable
{
    private const string Code =
        """
        using Dpark;
        using Dpark.Configuration;
        using Dpark.Rdds;

        var started = args[3];
        var options = new ConnectOptions { Redis = args[0], ClusterId = args[1], Timeout = TimeSpan.FromMinutes(1) };
        options.Client.Lease = TimeSpan.FromSeconds(int.Parse(args[2]));
        await using var dpark = await DparkContext.ConnectAsync(options);

        // Map outputs of this size are files: values so far apart take 8 bytes each.
        await dpark.Range(0, 1_600_000, 4).Map(n => (n, n << 32)).ReduceByKey((a, b) => a + b, 4).FlatMap(pair => Endless.Count(started)).CountAsync();

        internal static class Endless
        {
            public static IEnumerable<long> Count(string started)
            {
                File.WriteAllText(Path.Combine(started, Guid.NewGuid().ToString()), "");
                while (true)
                {
                    Thread.Sleep(1);
                    yield return 1;
                }
            }
        }
        """;

    private const string SavingCode =
        """
        using Dpark;
        using Dpark.Configuration;
        using Dpark.Rdds;

        var started = args[3];
        var options = new ConnectOptions { Redis = args[0], ClusterId = args[1], Timeout = TimeSpan.FromMinutes(1) };
        options.Client.Lease = TimeSpan.FromSeconds(int.Parse(args[2]));
        await using var dpark = await DparkContext.ConnectAsync(options);
        await dpark.Range(0, 4_000, 4).Map(n => n < 3_000 ? n : Endless.Wait(started)).SaveAsTextFileAsync(args[4]);

        internal static class Endless
        {
            public static long Wait(string started)
            {
                File.WriteAllText(Path.Combine(started, Guid.NewGuid().ToString()), "");
                while (true)
                {
                    Thread.Sleep(1);
                }
            }
        }
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly System.Diagnostics.Process _process;
    private readonly FileSystemWatcher _watcher;
    private readonly TaskCompletionSource _isRunning = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _assembly;

    private DriverProgram(ChildCluster cluster, TimeSpan lease, string code, params string[] more)
    {
        var started = Directory.CreateDirectory(cluster.PathOf("started")).FullName;
        _watcher = new FileSystemWatcher(started);
        _watcher.Created += (_, _) => _isRunning.TrySetResult();
        _watcher.EnableRaisingEvents = true;
        _assembly = Path.Combine(AppContext.BaseDirectory, $"Driver{Guid.NewGuid():N}.dll");
        new ReadmeSnippet(0, code, null).Compile(_assembly);
        string[] words =
        [
            .. ReadmeSnippet.CommandOf(_assembly), cluster.Redis.Address, cluster.Id, lease.TotalSeconds.ToString(CultureInfo.InvariantCulture), started, .. more,
        ];
        _process = System.Diagnostics.Process.Start(new ProcessStartInfo(words[0], words[1..]))!;
    }

    /// <summary>Its tasks take all slots of two silos.</summary>
    public static DriverProgram Start(ChildCluster cluster, TimeSpan lease) => new(cluster, lease, Code);

    /// <summary>It saves four partitions, of which the last one is never done.</summary>
    public static DriverProgram StartSaving(ChildCluster cluster, TimeSpan lease, string directory) => new(cluster, lease, SavingCode, directory);

    /// <summary>Waits until a task runs.</summary>
    public Task UntilTasksRunAsync() => _isRunning.Task.WaitAsync(Limit);

    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
        _process.Dispose();
        _watcher.Dispose();
        File.Delete(_assembly);
    }
}
