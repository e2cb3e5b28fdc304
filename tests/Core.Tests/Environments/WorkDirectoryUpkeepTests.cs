using System.Runtime.Versioning;
using Dpark.TestKit;

namespace Dpark.Environments;

/// <summary>What becomes of work directories over time: of those that live, and of those that were left.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class WorkDirectoryUpkeepTests : WorkDirectoryTest
{
    [Theory]
    [InlineData("machine")]
    [InlineData("unreadable")]
    public void Create_OwnerHasBeenSilentForTheAge_DeletesWhatItLeft(string kind)
    {
        var time = new ManualTimeProvider();
        var left = LeaveDirectory("old", kind == "machine" ? ProcessIdentity.Current with { Host = "elsewhere" } : ProcessIdentity.Current with { StartedAt = 1 });
        if (kind == "unreadable")
        {
            File.WriteAllText(left + ".dpark-owner", "something else");
        }

        var half = Temporary["root", "half.dpark-owner-new"];
        File.WriteAllText(half, "dpark");
        File.SetLastWriteTimeUtc(half, time.GetUtcNow().UtcDateTime);
        File.SetLastWriteTimeUtc(left + ".dpark-owner", time.GetUtcNow().UtcDateTime);
        Create(["root"], time);
        Assert.True(Directory.Exists(left));

        time.Advance(TimeSpan.FromDays(7) + TimeSpan.FromMinutes(1));
        Create(["root"], time);

        Assert.False(Directory.Exists(left));
        Assert.False(File.Exists(left + ".dpark-owner"));
        Assert.False(File.Exists(half));
    }

    [Fact]
    public void Create_AgeIsZero_TouchesNothingOfOthers()
    {
        var time = new ManualTimeProvider();
        var left = LeaveDirectory("old", ProcessIdentity.Current with { Host = "elsewhere" });
        File.SetLastWriteTimeUtc(left + ".dpark-owner", DateTime.UnixEpoch);
        var options = Options(["root"]);
        options.LeftoverAge = TimeSpan.Zero;

        WorkDirectory.Create("run-1", options, isLocal: true, Logger, variable: null, time);

        Assert.True(Directory.Exists(left));
    }

    [Fact]
    public void KeepUp_OwnerLives_IsNotSilent()
    {
        var time = new ManualTimeProvider();
        var work = Create(["root"], time);

        time.Advance(TimeSpan.FromDays(6));
        work.KeepUp();

        Assert.Equal(time.GetUtcNow().UtcDateTime, File.GetLastWriteTimeUtc(work.MainPath + ".dpark-owner"), TimeSpan.FromSeconds(1));
        Assert.Empty(Logger.Lines);
    }

    [Fact]
    public void KeepUp_OnceAnHour_DeletesWhatOthersHaveLeft()
    {
        var time = new ManualTimeProvider();
        var work = Create(["root"], time);
        var left = LeaveDirectory("old", ProcessIdentity.Current with { StartedAt = 1 });

        time.Advance(TimeSpan.FromMinutes(59));
        work.KeepUp();
        Assert.True(Directory.Exists(left));
        time.Advance(TimeSpan.FromMinutes(1));
        work.KeepUp();

        Assert.False(Directory.Exists(left));
        Assert.True(Directory.Exists(work.MainPath));
    }

    [Fact]
    public void KeepUp_RootsWereDeletedUnderTheProcess_MakesThemAgainAndSaysSo()
    {
        var work = Create(["one", "two"], new ManualTimeProvider());
        Directory.Delete(Temporary["one"], recursive: true);
        Directory.Delete(Temporary["two"], recursive: true);

        work.KeepUp();

        Assert.True(OwnerFile.IsTaken(work.Paths[0]) && OwnerFile.IsTaken(work.Paths[1]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(work.MainPath));
        Assert.Equal(2, Logger.Lines.Count(line => line.Contains("was deleted while its process runs", StringComparison.Ordinal)));
        Assert.False(OwnerFile.TryTakeOver(work.MainPath + ".dpark-owner", DateTime.MinValue, out _));
        work.Delete();
        Assert.Empty(Directory.GetFileSystemEntries(Temporary["one"]));
    }

    [Fact]
    public void KeepUp_RootCannotBeMadeAgain_NamesItAndKeepsTheOthers()
    {
        var work = Create(["one", "two"], new ManualTimeProvider());
        Directory.Delete(Temporary["one"], recursive: true);
        File.WriteAllText(Temporary["one"], "a file");
        File.Delete(work.Paths[1] + ".dpark-owner");

        work.KeepUp();

        Assert.Contains(Logger.Lines, line => line.Contains($"{work.MainPath} cannot be kept up", StringComparison.Ordinal));
        Assert.True(OwnerFile.IsTaken(work.Paths[1]));
    }

    [Fact]
    public void KeepUp_AfterDelete_MakesNothing()
    {
        var work = Create(["root"], new ManualTimeProvider());
        work.Delete();

        work.KeepUp();

        Assert.Empty(Directory.GetFileSystemEntries(Temporary["root"]));
    }

    private WorkDirectory Create(string[] roots, TimeProvider time) => WorkDirectory.Create("run-1", Options(roots), isLocal: true, Logger, variable: null, time);
}
