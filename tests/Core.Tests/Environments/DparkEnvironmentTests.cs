using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Dpark.Configuration;
using Dpark.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using static Dpark.Environments.EnvironmentServiceKind;

namespace Dpark.Environments;

/// <summary>The thirteen points that every version of DPark's environment agrees on, numbered as they are listed, and what this one adds.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class DparkEnvironmentTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly List<string> _calls = [];

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Point01_RegisterAndGet_LastValueIsVisibleAndAWorkerTakesOverTheMastersNames()
    {
        var master = Create();
        Assert.Null(master.Get("name"));
        Assert.Equal("default", master.Get("name", "default"));

        master.Register("name", "old");
        master.Register("name", "new");
        master.Register(EnvironmentNames.ServerUri, "file:///masters");
        master.Register(EnvironmentNames.WorkDirectories, "/masters");
        var worker = Create();
        worker.Register("name", "workers own");
        worker.Merge(master.Snapshot());

        Assert.Equal("new", master.Get("name", "default"));
        Assert.Equal("new", worker.Get("name"));
        Assert.Null(worker.ServerUri);
        Assert.Null(worker.Get(EnvironmentNames.WorkDirectories));
        Assert.True(worker.Unregister("name"));
        Assert.False(worker.Unregister("name"));
    }

    [Fact]
    public async Task Point02_StartTwiceAndStopUnstarted_DoNothing()
    {
        var environment = Create(services: [Service(Fetcher), Service(TrackerClient), Service(CacheTracker)]);
        await environment.StopAsync(CancellationToken.None);
        Assert.Empty(_calls);

        await environment.StartMasterAsync(CancellationToken.None);
        var id = environment.Get(EnvironmentNames.DparkId);
        await environment.StartMasterAsync(CancellationToken.None);
        await environment.StartWorkerAsync(CancellationToken.None);
        await environment.StartWorkerAsync(CancellationToken.None);

        Assert.Equal(
            ["start Fetcher Master", "start TrackerClient Master", "start CacheTracker Master", "start CacheTracker Worker"], _calls);
        Assert.Equal(id, environment.Get(EnvironmentNames.DparkId));
        Assert.Single(Directory.EnumerateDirectories(_temporary["root"]));
        await environment.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Point03_WorkDirectories_AreUniquePerRunAndAMissingRootIsOpenToAllDespiteTheUmask()
    {
        // Tests that run at the same time still get at their own files.
        var before = SetUmask(0b000_111_111);
        try
        {
            await using var one = Create(roots: ["a", "b"]);
            await using var two = Create(roots: ["a", "b"]);
            await one.StartMasterAsync(CancellationToken.None);
            await two.StartMasterAsync(CancellationToken.None);

            Assert.Equal((UnixFileMode)0b111_111_111, File.GetUnixFileMode(_temporary["a"]));
            Assert.Equal((UnixFileMode)0b111_111_111, File.GetUnixFileMode(_temporary["b"]));
            Assert.NotEqual(one.WorkDirectory.Id, two.WorkDirectory.Id);
            Assert.Equal([_temporary["a"], _temporary["b"]], one.WorkDirectory.Paths.Select(Path.GetDirectoryName));
            Assert.Matches($"^{System.Text.RegularExpressions.Regex.Escape(Environment.MachineName)}-[0-9a-f-]{{36}}$", one.WorkDirectory.Id);
        }
        finally
        {
            _ = SetUmask(before);
        }
    }

    [Fact]
    public void Point04_Roots_ComeFromTextWithCommasOrAListOrAreTheTemporaryDirectoryWithAWarning()
    {
        var logger = new RecordingLogger<WorkDirectory>();
        var (a, b) = (_temporary["a"], _temporary["b"]);
        var list = new WorkDirectoryOptions { Roots = { a, b, a } };
        var text = new WorkDirectoryOptions { Roots = { $" {a} ,, {b}" } };

        Assert.Equal([a, b], WorkDirectoryRoots.List(list, null, logger));
        Assert.Equal([a, b], WorkDirectoryRoots.List(text, null, logger));
        Assert.Equal([a, b], WorkDirectoryRoots.List(new(), $"{a},{b}", logger));
        Assert.Empty(logger.Lines);
        Assert.Equal([Path.GetFullPath(Path.GetTempPath())], WorkDirectoryRoots.List(new(), " , ", logger));
        Assert.StartsWith("No work directories are configured", Assert.Single(logger.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Point04_UnusableRoots_AreFatalInLocalModeOrIfNoneWorks()
    {
        File.WriteAllText(_temporary["file"], "");
        await using var cluster = Create(roots: ["file", "good"], isLocal: false);
        await using var local = Create(roots: ["file", "good"], isLocal: true);
        await using var none = Create(roots: ["file"], isLocal: false);

        await cluster.StartMasterAsync(CancellationToken.None);

        Assert.Equal([_temporary["good"]], cluster.WorkDirectory.Paths.Select(Path.GetDirectoryName));
        await Assert.ThrowsAsync<IOException>(() => local.StartMasterAsync(CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(() => none.StartMasterAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Point05_Codec_IsNamedByTheMasterAndAWorkerWithAnotherOneFails()
    {
        await using var master = Create(codec: "lz4");
        await master.StartMasterAsync(CancellationToken.None);
        await using var fits = Create(codec: "lz4", isLocal: false);
        await using var other = Create(codec: "zstd", isLocal: false);
        await using var unnamed = Create(codec: "lz4", isLocal: false);
        fits.Merge(master.Snapshot());
        other.Merge(master.Snapshot());

        await fits.StartWorkerAsync(CancellationToken.None);
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => other.StartWorkerAsync(CancellationToken.None));
        var missing = await Assert.ThrowsAsync<InvalidOperationException>(() => unnamed.StartWorkerAsync(CancellationToken.None));

        Assert.Equal("lz4", master.Get(EnvironmentNames.Compress));
        Assert.StartsWith("no lz4 available", failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("no lz4 available", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Point05_FailedWorkerStart_IsNotRepeated()
    {
        await using var worker = Create(codec: "zstd", services: [Service(Fetcher)], isLocal: false);
        worker.Register(EnvironmentNames.Compress, "lz4");

        await Assert.ThrowsAsync<InvalidOperationException>(() => worker.StartWorkerAsync(CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => worker.StartWorkerAsync(CancellationToken.None));

        Assert.True(worker.IsWorkerStarted);
        Assert.Equal(["start Fetcher Worker"], _calls);
        Assert.Throws<InvalidOperationException>(() => worker.WorkDirectory);
    }

    [Fact]
    public async Task Point06_ServerUri_IsTheMainWorkDirectoryUnlessItIsKnown()
    {
        await using var plain = Create();
        await using var known = Create();
        known.Register(EnvironmentNames.ServerUri, "http://worker:5055");

        await plain.StartMasterAsync(CancellationToken.None);
        await known.StartMasterAsync(CancellationToken.None);

        Assert.Equal($"file://{plain.WorkDirectory.MainPath}", plain.ServerUri);
        Assert.Equal("http://worker:5055", known.ServerUri);
        await known.StopAsync(CancellationToken.None);
        Assert.Equal("http://worker:5055", known.ServerUri);
    }

    [Fact]
    public async Task Point07_IdentityAndWorkDirectories_AreInheritedWhenPresent()
    {
        await using var parent = Create();
        await parent.StartMasterAsync(CancellationToken.None);
        await using var child = Create();
        child.Register(EnvironmentNames.DparkId, parent.Get(EnvironmentNames.DparkId)!);
        child.Register(EnvironmentNames.WorkDirectories, parent.Get(EnvironmentNames.WorkDirectories)!);

        await child.StartMasterAsync(CancellationToken.None);
        Assert.Equal(parent.Get(EnvironmentNames.DparkId), child.Get(EnvironmentNames.DparkId));
        Assert.Equal(parent.WorkDirectory.Paths, child.WorkDirectory.Paths);
        await child.StopAsync(CancellationToken.None);

        Assert.True(Directory.Exists(parent.WorkDirectory.MainPath));
        Assert.Equal(parent.Get(EnvironmentNames.DparkId), child.Get(EnvironmentNames.DparkId));
    }

    [Fact]
    public async Task Point08_TrackerServer_RunsOnlyWhereNoneIsKnownAndItsAddressGoesWithIt()
    {
        await using var first = Create(services: [Service(TrackerServer, EnvironmentNames.TrackerAddress), Service(TrackerClient)]);
        await using var second = Create(services: [Service(TrackerServer, EnvironmentNames.TrackerAddress), Service(TrackerClient)], isLocal: false);

        await first.StartMasterAsync(CancellationToken.None);
        second.Merge(first.Snapshot());
        await second.StartMasterAsync(CancellationToken.None);

        Assert.Equal(["start TrackerServer Master", "start TrackerClient Master", "start TrackerClient Master"], _calls);
        await first.StopAsync(CancellationToken.None);
        await second.StopAsync(CancellationToken.None);
        Assert.Null(first.Get(EnvironmentNames.TrackerAddress));
        Assert.NotNull(second.Get(EnvironmentNames.TrackerAddress));
    }

    [Fact]
    public async Task Point09_CacheTracker_IsAServerOnTheMasterAClientOnTheWorkerAndNeedsNoNetworkLocally()
    {
        await using var local = Create(services: [Service(CacheTracker, logsLocal: true)], isLocal: true);
        await using var master = Create(services: [Service(CacheTracker, logsLocal: true)], isLocal: false);
        await using var worker = Create(services: [Service(CacheTracker, logsLocal: true)], isLocal: false);

        await local.StartMasterAsync(CancellationToken.None);
        await master.StartMasterAsync(CancellationToken.None);
        worker.Merge(master.Snapshot());
        await worker.StartWorkerAsync(CancellationToken.None);

        Assert.Equal(["start CacheTracker Master local", "start CacheTracker Master network", "start CacheTracker Worker network"], _calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Point10_MapOutputTrackerAndFetcher_StartInBothVariantsAndTheFetcherOnce(bool isLocal)
    {
        await using var environment = Create(services: [Service(MapOutputTracker, logsLocal: true), Service(Fetcher, logsLocal: true)], isLocal: isLocal);

        await environment.StartMasterAsync(CancellationToken.None);
        await environment.StartWorkerAsync(CancellationToken.None);

        var variant = isLocal ? "local" : "network";
        Assert.Equal([$"start Fetcher Master {variant}", $"start MapOutputTracker Master {variant}", $"start MapOutputTracker Worker {variant}"], _calls);
    }

    [Fact]
    public async Task Point11_Broadcast_StartsOnceUnlessItsAddressIsKnownAndStopsLast()
    {
        await using var first = Create(services: [Service(Broadcast, EnvironmentNames.BroadcastGuideAddress), Service(TrackerServer), Service(Fetcher)]);
        await using var second = Create(services: [Service(Broadcast, EnvironmentNames.BroadcastGuideAddress)]);
        await first.StartMasterAsync(CancellationToken.None);
        await first.StartWorkerAsync(CancellationToken.None);
        second.Register(EnvironmentNames.BroadcastGuideAddress, "known");
        await second.StartMasterAsync(CancellationToken.None);
        Assert.Single(_calls, "start Broadcast Master");
        var main = first.WorkDirectory.MainPath;
        _calls.Clear();

        await first.StopAsync(CancellationToken.None);

        Assert.Equal(["stop Fetcher", "stop TrackerServer", "stop Broadcast"], _calls);
        Assert.Null(first.Get(EnvironmentNames.BroadcastGuideAddress));
        Assert.Null(first.Get(EnvironmentNames.BroadcastDownloadAddress));
        Assert.False(Directory.Exists(main));
    }

    [Fact]
    public async Task Point12_CountersAndMemoryChecker_AreThereBeforeAnyStart()
    {
        await using var environment = Create();

        Assert.Equal((0L, 0L, TimeSpan.Zero), (environment.Totals.InputBytes, environment.Totals.SpilledBytes, environment.Totals.RunTime));
        Assert.Equal(100L << 30, environment.Memory.LimitBytes);
        Assert.False(environment.Memory.IsChecking);
        Assert.True(environment.Memory.UsedBytes > 0);
        Assert.False(environment.Memory.IsExceeded);
    }

    [Fact]
    public async Task Point13_Stop_KeepsItsOrderIgnoresErrorsAndAllowsANewStart()
    {
        var services = new[] { Broadcast, TrackerServer, MapOutputTracker, CacheTracker, Fetcher, TrackerClient }
            .Select(kind => Service(kind, failsToStop: kind is Fetcher or Broadcast)).ToArray();
        await using var environment = Create(services: services, roots: ["a", "b"]);
        await environment.StartMasterAsync(CancellationToken.None);
        var first = environment.WorkDirectory;
        File.WriteAllText(first.NewTemporaryFile("x"), "x");
        _calls.Clear();

        await environment.StopAsync(CancellationToken.None);

        Assert.Equal(
            ["stop TrackerClient", "stop Fetcher", "stop CacheTracker", "stop MapOutputTracker", "stop TrackerServer", "stop Broadcast"], _calls);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temporary["a"]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temporary["b"]));
        Assert.False(environment.IsMasterStarted);
        await environment.StartMasterAsync(CancellationToken.None);
        Assert.NotEqual(first.Id, environment.WorkDirectory.Id);
        Assert.True(Directory.Exists(environment.WorkDirectory.MainPath));
    }

    [Fact]
    public async Task StartMasterAsync_ServiceFails_StopsWhatHasStarted()
    {
        await using var environment = Create(services: [Service(TrackerServer), Service(CacheTracker, failsToStart: true), Service(Broadcast)]);

        await Assert.ThrowsAsync<IOException>(() => environment.StartMasterAsync(CancellationToken.None));
        await environment.StopAsync(CancellationToken.None);

        Assert.Equal(["start TrackerServer Master", "start CacheTracker Master", "stop CacheTracker", "stop TrackerServer"], _calls);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temporary["root"]));
    }

    [Fact]
    public async Task StartMasterAsync_ManyCallersAtOnce_AllWaitForOneStart()
    {
        var gate = new TaskCompletionSource();
        await using var environment = Create(services: [Service(TrackerServer, gate: gate.Task)]);

        var starts = Enumerable.Range(0, 5).Select(_ => environment.StartMasterAsync(CancellationToken.None)).ToArray();
        Assert.DoesNotContain(starts, start => start.IsCompleted);
        gate.SetResult();
        await Task.WhenAll(starts);

        Assert.Single(_calls);
    }

    [Fact]
    public async Task StartMasterAsync_AnotherProcessWasKilled_DeletesItsDirectories()
    {
        using var owner = Process.Start(new ProcessStartInfo("sleep", "1000"))!;
        var left = _temporary["root", "killed"];
        Directory.CreateDirectory(left);
        File.WriteAllText(Path.Combine(left, "map-output"), "x");
        OwnerFile.Create(left, ProcessIdentity.Of(owner.Id)!).Dispose();
        owner.Kill();
        await owner.WaitForExitAsync();

        await using var environment = Create();
        await environment.StartMasterAsync(CancellationToken.None);

        Assert.False(Path.Exists(left));
    }

    [Fact]
    public void MemoryChecker_LimitIsSet_ComparesWithIt()
    {
        var memory = new MemoryChecker();

        memory.Start(1L << 50);
        Assert.Equal((long)((1L << 50) * 0.8), memory.SoftLimitBytes);
        Assert.False(memory.IsExceeded);
        memory.Add(1L << 51);
        Assert.True(memory.IsExceeded);
        memory.Stop();

        Assert.False(memory.IsExceeded);
        Assert.Equal(100L << 30, memory.LimitBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Start(0));
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetUmask(uint mask);

    private DparkEnvironment Create(
        string codec = "lz4", IEnumerable<IEnvironmentService>? services = null, string[]? roots = null, bool isLocal = true)
    {
        var options = new WorkDirectoryOptions();
        foreach (var root in roots ?? ["root"])
        {
            options.Roots.Add(_temporary[root]);
        }

        return new(codec, options, services ?? [], isLocal, NullLoggerFactory.Instance);
    }

    private RecordingService Service(
        EnvironmentServiceKind kind, string? address = null, bool logsLocal = false, bool failsToStart = false, bool failsToStop = false, Task? gate = null) =>
        new(_calls, kind, address, logsLocal, failsToStart, failsToStop, gate ?? Task.CompletedTask);

    private sealed class RecordingService(
        List<string> calls, EnvironmentServiceKind kind, string? address, bool logsLocal, bool failsToStart, bool failsToStop, Task gate) : IEnvironmentService
    {
        public EnvironmentServiceKind Kind => kind;

        public async Task StartAsync(DparkEnvironment environment, EnvironmentRole role, bool isLocal, CancellationToken cancellationToken)
        {
            calls.Add($"start {kind} {role}{(logsLocal ? isLocal ? " local" : " network" : "")}");
            await gate;
            if (address is not null)
            {
                environment.Register(address, "tcp://127.0.0.1:1");
            }

            if (failsToStart)
            {
                throw new IOException("It does not start.");
            }
        }

        public Task StopAsync(DparkEnvironment environment, CancellationToken cancellationToken)
        {
            calls.Add($"stop {kind}");
            return failsToStop ? throw new IOException("It does not stop.") : Task.CompletedTask;
        }
    }
}
