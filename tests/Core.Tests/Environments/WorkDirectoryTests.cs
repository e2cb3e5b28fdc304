using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace Dpark.Environments;

[UnsupportedOSPlatform("windows")]
public sealed partial class WorkDirectoryTests : WorkDirectoryTest
{
    [Fact]
    public void Create_TwoRoots_MakesTheMainDirectoryOnly()
    {
        var work = Create(["one", "two"]);

        Assert.Equal([Temporary["one", "run-1"], Temporary["two", "run-1"]], work.Paths);
        Assert.Equal(work.Paths[0], work.MainPath);
        Assert.True(Directory.Exists(work.MainPath));
        Assert.False(Directory.Exists(work.Paths[1]));
        Assert.Equal("run-1", work.Id);
    }

    [Fact]
    public void Create_MainDirectory_IsClosedToOthers()
    {
        var work = Create(["one"]);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(work.MainPath));
    }

    [Fact]
    public void Create_IdIsTaken_GetsANameOfItsOwn()
    {
        var first = Create(["one"]);
        var second = Create(["one"]);

        Assert.NotEqual(first.Id, second.Id);
        Assert.StartsWith("run-1-", second.Id, StringComparison.Ordinal);
        first.Delete();
        Assert.True(Directory.Exists(second.MainPath));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../out")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    public void Create_IdThatIsNoPlainName_Throws(string id) =>
        Assert.ThrowsAny<ArgumentException>(() => WorkDirectory.Create(id, Options(["one"]), isLocal: true, Logger, variable: null));

    [Fact]
    public void Create_OneRootIsAFile_IsLeftOutWithAWarning()
    {
        File.WriteAllText(Temporary["file"], "");

        var work = WorkDirectory.Create("run-1", Options(["file", "good"]), isLocal: false, Logger, variable: null);

        Assert.Equal([Temporary["good", "run-1"]], work.Paths);
        Assert.Contains(Logger.Lines, line => line.Contains(Temporary["file"], StringComparison.Ordinal));
    }

    [Fact]
    public void Create_OneRootIsAFile_IsAnErrorInLocalModeOrIfAllAreRequired()
    {
        File.WriteAllText(Temporary["file"], "");
        var strict = Options(["good", "file"]);
        strict.RequireAllRoots = true;

        var local = Assert.Throws<IOException>(() => WorkDirectory.Create("run-1", Options(["good", "file"]), isLocal: true, Logger, variable: null));
        Assert.Throws<IOException>(() => WorkDirectory.Create("run-1", strict, isLocal: false, Logger, variable: null));

        Assert.Contains("1 of 2 work directories are not available", local.Message, StringComparison.Ordinal);
        Assert.Contains(Temporary["file"], local.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary["good"]));
    }

    [Fact]
    public void Create_NoRootIsUsable_NamesEachWithItsReason()
    {
        File.WriteAllText(Temporary["a"], "");
        File.WriteAllText(Temporary["b"], "");

        var failure = Assert.Throws<IOException>(() => WorkDirectory.Create("run-1", Options(["a", "b"]), isLocal: false, Logger, variable: null));

        Assert.Contains(Temporary["a"], failure.Message, StringComparison.Ordinal);
        Assert.Contains(Temporary["b"], failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_OptionsAndVariableNameRoots_OptionsWin()
    {
        var work = WorkDirectory.Create("run-1", Options(["one"]), isLocal: true, Logger, variable: Temporary["other"]);

        Assert.Equal([Temporary["one", "run-1"]], work.Paths);
    }

    [Fact]
    public void NewTemporaryFile_SeveralRoots_TakesTurnsUnderTheOthersThanTheMainOne()
    {
        var work = Create(["main", "b", "c"]);

        var paths = Enumerable.Range(0, 4).Select(_ => work.NewTemporaryFile("spill")).ToArray();

        Assert.Equal([2, 2], paths.GroupBy(Path.GetDirectoryName).OrderBy(g => g.Key).Select(g => g.Count()));
        Assert.DoesNotContain(paths, p => Path.GetDirectoryName(p) == work.MainPath);
        Assert.Equal(4, paths.Distinct().Count());
        Assert.All(paths, p => Assert.Matches(TemporaryName(), Path.GetFileName(p)));
        Assert.All(paths, p => Assert.False(Path.Exists(p)));
        Assert.All(paths, p => Assert.True(Directory.Exists(Path.GetDirectoryName(p))));
    }

    [Fact]
    public void NewTemporaryFile_OneRoot_UsesTheMainDirectory()
    {
        var work = Create(["main"]);

        Assert.Equal(work.MainPath, Path.GetDirectoryName(work.NewTemporaryFile("x")));
    }

    [Fact]
    public void NewTemporaryFile_OtherRootsFail_FallsBackToTheMainOne()
    {
        var work = Create(["main", "b", "c"]);
        foreach (var path in work.Paths.Skip(1))
        {
            // Something else took the name, so the directory cannot be made.
            File.WriteAllText(path, "");
        }

        Assert.Equal(work.MainPath, Path.GetDirectoryName(work.NewTemporaryFile("x")));
    }

    [Fact]
    public void NewTemporaryFile_EveryRootFails_NamesThemAll()
    {
        var work = Create(["main", "b"]);
        Directory.Delete(work.MainPath);
        File.WriteAllText(work.MainPath, "");
        File.WriteAllText(work.Paths[1], "");

        var failure = Assert.Throws<IOException>(() => work.NewTemporaryFile("x"));

        Assert.Contains(work.MainPath, failure.Message, StringComparison.Ordinal);
        Assert.Contains(work.Paths[1], failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a b")]
    [InlineData("")]
    public void NewTemporaryFile_PrefixThatIsNoPlainName_Throws(string prefix) =>
        Assert.ThrowsAny<ArgumentException>(() => Create(["main"]).NewTemporaryFile(prefix));

    [Fact]
    public void NewTemporaryDirectory_Called_MakesIt()
    {
        var path = Create(["main"]).NewTemporaryDirectory("merge");

        Assert.True(Directory.Exists(path));
        Assert.Matches(TemporaryName(), Path.GetFileName(path));
    }

    [Fact]
    public void Delete_FilesUnderEveryRoot_LeavesEmptyRoots()
    {
        var work = Create(["one", "two"]);
        Directory.CreateDirectory(Path.Combine(work.MainPath, "a", "b"));
        File.WriteAllText(Path.Combine(work.MainPath, "a", "b", "c"), "x");
        File.WriteAllText(work.NewTemporaryFile("x"), "x");

        work.Delete();
        work.Delete();

        Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary["one"]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary["two"]));
    }

    [Fact]
    public void Delete_DirectoryWithoutRights_IsDeletedAllTheSame()
    {
        var work = Create(["one"]);
        var closed = Directory.CreateDirectory(Path.Combine(work.MainPath, "closed")).FullName;
        File.WriteAllText(Path.Combine(closed, "x"), "x");
        File.SetUnixFileMode(closed, UnixFileMode.None);

        work.Delete();

        Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary["one"]));
    }

    [Fact]
    public void Delete_SymbolicLinks_DoesNotFollowThem()
    {
        var outside = Directory.CreateDirectory(Temporary["outside"]).FullName;
        File.WriteAllText(Path.Combine(outside, "precious"), "x");
        var work = Create(["one"]);
        Directory.CreateSymbolicLink(Path.Combine(work.MainPath, "link"), outside);
        File.CreateSymbolicLink(Path.Combine(work.MainPath, "file-link"), Path.Combine(outside, "precious"));

        work.Delete();

        Assert.False(Path.Exists(work.MainPath));
        Assert.True(File.Exists(Path.Combine(outside, "precious")));
    }

    [Fact]
    public void Delete_SomethingStillWrites_TriesUntilItIsGone()
    {
        var work = Create(["one"]);
        var stop = false;
        using var started = new ManualResetEventSlim();
        var writer = new Thread(() =>
        {
            for (var i = 0; !Volatile.Read(ref stop) && i < 2000; i++)
            {
                try
                {
                    File.WriteAllText(Path.Combine(work.MainPath, $"f{i}"), "x");
                }
                catch (IOException)
                {
                    return;
                }
                finally
                {
                    started.Set();
                }
            }
        });
        writer.Start();
        Assert.True(started.Wait(TimeSpan.FromSeconds(30)));

        work.Delete();
        Volatile.Write(ref stop, true);
        writer.Join();

        Assert.Empty(Directory.EnumerateFileSystemEntries(Temporary["one"]));
    }

    [Fact]
    public void Inherit_DirectoriesOfTheParent_AreUsedAndNotDeleted()
    {
        var parent = Create(["one", "two"]);

        var child = WorkDirectory.Inherit(parent.Paths, Logger);
        child.Delete();

        Assert.Equal(parent.Paths, child.Paths);
        Assert.True(Directory.Exists(parent.MainPath));
        Assert.Throws<DirectoryNotFoundException>(() => WorkDirectory.Inherit([Temporary["missing"]], Logger));
    }

    [Fact]
    public void Create_OwnerWasKilled_DeletesWhatItLeft()
    {
        using var owner = Process.Start(new ProcessStartInfo("sleep", "1000"))!;
        try
        {
            var left = LeaveDirectory("killed", ProcessIdentity.Of(owner.Id)!);
            Create(["root"], id: "first");
            Assert.True(Directory.Exists(left));

            owner.Kill();
            owner.WaitForExit();
            Create(["root"], id: "second");

            Assert.False(Path.Exists(left));
            Assert.False(Path.Exists(left + OwnerFile.Suffix));
            Assert.Contains(Logger.Lines, line => line.Contains(left, StringComparison.Ordinal));
        }
        finally
        {
            owner.Kill();
        }
    }

    [Fact]
    public void Create_OwnerWasKilledAndNotWaitedFor_CountsAsGone()
    {
        // The shell starts a process, kills it, and never waits for it: it stays a zombie while the shell lives.
        using var shell = Process.Start(new ProcessStartInfo("sh") { RedirectStandardOutput = true, ArgumentList = { "-c", "sleep 1000 & kill -9 $!; echo $!; exec sleep 1000" } })!;
        try
        {
            var zombie = int.Parse(shell.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);

            Assert.True(SpinWait.SpinUntil(() => ProcessIdentity.Of(zombie) is null, TimeSpan.FromSeconds(30)));
        }
        finally
        {
            shell.Kill();
        }
    }

    [Fact]
    public void Create_ProcessIdWasGivenToAnotherProcess_DeletesWhatTheFirstLeft()
    {
        var left = LeaveDirectory("old", ProcessIdentity.Current with { StartedAt = ProcessIdentity.Current.StartedAt - 1 });

        Create(["root"]);

        Assert.False(Path.Exists(left));
    }

    [Fact]
    public void Create_OwnerIsFromBeforeARestartOrAnotherContainer_DeletesWhatItLeft()
    {
        var restarted = LeaveDirectory("restarted", ProcessIdentity.Current with { Boot = "an earlier one" });
        var contained = LeaveDirectory("contained", ProcessIdentity.Current with { Namespace = "pid:[1]" });

        Create(["root"]);

        Assert.False(Path.Exists(restarted));
        Assert.False(Path.Exists(contained));
    }

    [Fact]
    public void Create_OwnerLives_TouchesNothing()
    {
        var alive = LeaveDirectory("alive", ProcessIdentity.Current);

        Create(["root"]);

        Assert.True(File.Exists(Path.Combine(alive, "data")));
    }

    [Fact]
    public void Create_OwnerOfAnotherContainerHoldsItsLock_TouchesNothing()
    {
        var left = LeaveDirectory("contained", ProcessIdentity.Current with { Namespace = "pid:[1]" });
        using var held = new FileStream(left + OwnerFile.Suffix, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        Create(["root"]);

        Assert.True(File.Exists(Path.Combine(left, "data")));
    }

    [Theory]
    [InlineData("host")]
    [InlineData("machine")]
    public void Create_OwnerIsOfAnotherMachine_TouchesNothing(string what)
    {
        var gone = ProcessIdentity.Current with { ProcessId = int.MaxValue };
        var foreign = LeaveDirectory("foreign", what == "host" ? gone with { Host = "elsewhere" } : gone with { Machine = "another" });

        Create(["root"]);

        Assert.True(File.Exists(Path.Combine(foreign, "data")));
    }

    [Fact]
    public void Create_OwnerFileIsSomethingElseOrMissing_TouchesNothing()
    {
        var torn = LeaveDirectory("torn", ProcessIdentity.Current with { ProcessId = int.MaxValue });
        var text = File.ReadAllText(torn + OwnerFile.Suffix);
        File.WriteAllText(torn + OwnerFile.Suffix, text[..^3]);
        Directory.CreateDirectory(Temporary["root", "somebody-elses"]);

        Create(["root"]);

        Assert.True(File.Exists(Path.Combine(torn, "data")));
        Assert.True(Directory.Exists(Temporary["root", "somebody-elses"]));
    }

    [Fact]
    public void Create_LeftDirectoryIsASymbolicLink_DeletesTheLinkOnly()
    {
        var outside = Directory.CreateDirectory(Temporary["outside"]).FullName;
        File.WriteAllText(Path.Combine(outside, "precious"), "x");
        var left = LeaveDirectory("evil", ProcessIdentity.Current with { StartedAt = 1 });
        Directory.Delete(left, recursive: true);
        Directory.CreateSymbolicLink(left, outside);

        Create(["root"]);

        Assert.False(Path.Exists(left));
        Assert.True(File.Exists(Path.Combine(outside, "precious")));
    }

    [Fact]
    public void Create_ManyProcessesCleanAtOnce_EachSucceedsAndAllIsGone()
    {
        for (var i = 0; i < 50; i++)
        {
            LeaveDirectory($"left-{i}", ProcessIdentity.Current with { StartedAt = 1 });
        }

        using var barrier = new Barrier(4);
        var failures = new List<Exception>();
        var threads = Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            try
            {
                barrier.SignalAndWait();
                Create(["root"], id: $"cleaner-{t}");
            }
            catch (Exception e)
            {
                lock (failures)
                {
                    failures.Add(e);
                }
            }
        })).ToArray();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());

        Assert.Empty(failures);
        Create(["root"], id: "last");
        Assert.Equal(5, Directory.EnumerateDirectories(Temporary["root"]).Count());
        Assert.Equal(5, Directory.EnumerateFiles(Temporary["root"]).Count());
    }

    [Fact]
    public void Create_ManyProcessesOfOneRunAtOnce_EachGetsADirectoryOfItsOwn()
    {
        using var barrier = new Barrier(4);
        var created = new System.Collections.Concurrent.ConcurrentBag<WorkDirectory>();
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            barrier.SignalAndWait();
            created.Add(Create(["a", "b"]));
        })).ToArray();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());

        Assert.Equal(4, created.Select(w => w.MainPath).Distinct().Count());
        Assert.All(created, w => Assert.Equal(2, w.Paths.Count));
    }

    [Fact]
    public void Create_LeftoversAreKept_TouchesNothing()
    {
        var left = LeaveDirectory("old", ProcessIdentity.Current with { StartedAt = 1 });
        var options = Options(["root"]);
        options.DeleteLeftovers = false;

        WorkDirectory.Create("run-1", options, isLocal: true, Logger, variable: null);

        Assert.True(Directory.Exists(left));
    }

    [GeneratedRegex(@"^[a-z]+-[0-9a-f]{32}-\d+\.temp$")]
    private static partial Regex TemporaryName();

    private WorkDirectory Create(string[] roots, string id = "run-1") => WorkDirectory.Create(id, Options(roots), isLocal: true, Logger, variable: null);
}
