using Dpark.Environments;
using Dpark.Rdds.Sources;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;
using Dpark.Workers;

namespace Dpark.Rdds.Sinks;

public sealed class OutputDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Target => _directory["out"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Commit_TwinsWroteDifferentFiles_TakesThatOfTheAcceptedAttempt()
    {
        var output = OutputDirectory.Create(Target);
        var accepted = Write(output, attempt: 0, "accepted");
        Write(output, attempt: 1, "late twin");

        var paths = output.Commit([accepted]);

        Assert.Equal([Path.Combine(Target, "part-00000")], paths);
        Assert.Equal("accepted\n", File.ReadAllText(paths[0]));
        Assert.Equal([Path.Combine(Target, "_SUCCESS"), .. paths], Directory.GetFileSystemEntries(Target).Order(StringComparer.Ordinal));
        Assert.Equal("dpark-output 1\n9 part-00000\n.\n", File.ReadAllText(Path.Combine(Target, "_SUCCESS")));
        Assert.Equal(paths, InputFiles.Find(Target).Select(file => file.Path));
    }

    [Fact]
    public void Write_AfterTheCommit_FailsAndLeavesNothing()
    {
        var output = OutputDirectory.Create(Target);
        output.Commit([Write(output, attempt: 0, "accepted")]);

        Assert.Throws<IOException>(() => Write(output, attempt: 1, "late twin"));

        Assert.Equal(["_SUCCESS", "part-00000"], Directory.GetFileSystemEntries(Target).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Write_ElementsFail_LeavesNoFile()
    {
        var output = OutputDirectory.Create(Target);

        Assert.Throws<FormatException>(() => new TextFileSink<string>(output.StagingPath, isCompressed: false).Summarize(new FailingReader(), 0, NewContext(0)));

        Assert.Empty(Directory.GetFileSystemEntries(output.StagingPath));
    }

    [Fact]
    public void Find_DriverKilledBeforeTheCommit_SeesNoFileAndRefusesTheDirectory()
    {
        Write(OutputDirectory.Create(Target), attempt: 0, "never committed");

        Assert.Contains("not all there", Assert.Throws<IOException>(() => InputFiles.Find(Target)).Message, StringComparison.Ordinal);
        Assert.Empty(InputFiles.Find(_directory.Path));
        Assert.Throws<FileNotFoundException>(() => InputFiles.Find(Path.Combine(Target, "*")));
    }

    [Fact]
    public void Find_DriverKilledDuringTheCommit_RefusesThePart()
    {
        var output = OutputDirectory.Create(Target);
        var first = Write(output, attempt: 0, "committed");
        Write(output, attempt: 0, "not yet");
        File.Move(Path.Combine(output.StagingPath, first.Name), Path.Combine(Target, "part-00000"));

        var failure = Assert.Throws<IOException>(() => InputFiles.Find(Target));

        Assert.Contains("not all there", failure.Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => InputFiles.Find(Path.Combine(Target, "part-*")));
        Assert.Throws<IOException>(() => OutputDirectory.Create(Target));
    }

    [Fact]
    public void Find_DriverKilledBeforeTheLastStep_ReadsAll()
    {
        var output = OutputDirectory.Create(Target);
        output.Commit([Write(output, attempt: 0, "committed")]);
        Directory.CreateDirectory(output.StagingPath);

        Assert.Single(InputFiles.Find(Target));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Find_FileIsNotAsTheJobLeftIt_RefusesTheDirectory(bool isGone)
    {
        var output = OutputDirectory.Create(Target);
        output.Commit([Write(output, attempt: 0, "committed"), Write(output, attempt: 0, "too", partition: 1)]);
        var file = Path.Combine(Target, "part-00001");
        if (isGone)
        {
            File.Delete(file);
        }
        else
        {
            File.AppendAllText(file, "x");
        }

        var failure = Assert.Throws<IOException>(() => InputFiles.Find(Target));

        Assert.Equal(
            $"The files of {Target} are not as the job left them: part-00001 {(isGone ? "is not there" : "has 5 bytes instead of 4")}. " +
            "Restore it, or delete _SUCCESS beside it if that is meant so.",
            failure.Message);
        Assert.Throws<IOException>(() => InputFiles.Find(Path.Combine(Target, "part-*")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    public void Find_MarkOfAnotherTool_IsNeitherReadNorBelieved(string text)
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "_SUCCESS"), text);
        File.WriteAllText(Path.Combine(Target, "part-00000"), "a\n");

        Assert.Equal([Path.Combine(Target, "part-00000")], InputFiles.Find(Target).Select(file => file.Path));
        Assert.Equal([Path.Combine(Target, "part-00000")], InputFiles.Find(Path.Combine(Target, "*")).Select(file => file.Path));
        Assert.Single(InputFiles.Find(Path.Combine(Target, "_*")));
    }

    [Theory]
    [InlineData("dpark-output 1\n")]
    [InlineData("dpark-output 1\n2 part-00000\n")]
    [InlineData("dpark-output 1\n2 ../part-00000\n.\n")]
    [InlineData("dpark-output 1\n-2 part-00000\n.\n")]
    [InlineData("dpark-output 1\npart-00000\n.\n")]
    public void Find_ManifestIsDamaged_RefusesTheDirectory(string text)
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "_SUCCESS"), text);
        File.WriteAllText(Path.Combine(Target, "part-00000"), "a\n");

        Assert.Contains("_SUCCESS is damaged", Assert.Throws<IOException>(() => InputFiles.Find(Target)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Commit_StagedFileWasCutShort_IsRefused()
    {
        var output = OutputDirectory.Create(Target);
        var staged = Write(output, attempt: 0, "accepted");
        File.WriteAllText(Path.Combine(output.StagingPath, staged.Name), "acc");

        var failure = Assert.Throws<IOException>(() => output.Commit([staged]));
        output.Abandon();

        Assert.Contains("has 3 bytes instead of 9", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Target));
    }

    [Fact]
    public void Commit_Overwrite_ReplacesWhatJobsLeftOnly()
    {
        var earlier = OutputDirectory.Create(Target);
        earlier.Commit([Write(earlier, attempt: 0, "earlier"), Write(earlier, attempt: 0, "earlier", partition: 1)]);
        OutputDirectory.Create(Target, overwrite: true);
        var output = OutputDirectory.Create(Target, overwrite: true);
        var staged = Write(output, attempt: 0, "new");
        Assert.Equal(2, InputFiles.Find(Target).Count);

        output.Commit([staged]);

        Assert.Equal(["_SUCCESS", "part-00000"], Directory.GetFileSystemEntries(Target).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("new\n", File.ReadAllText(Path.Combine(Target, "part-00000")));
    }

    [Fact]
    public void Abandon_Overwrite_LeavesWhatWasThere()
    {
        var earlier = OutputDirectory.Create(Target);
        earlier.Commit([Write(earlier, attempt: 0, "earlier")]);
        var output = OutputDirectory.Create(Target, overwrite: true);
        Write(output, attempt: 0, "new");

        output.Abandon();

        Assert.Equal("earlier\n", File.ReadAllText(Assert.Single(InputFiles.Find(Target)).Path));
        Assert.Equal(2, Directory.GetFileSystemEntries(Target).Length);
    }

    [Theory]
    [InlineData("notes.txt", false)]
    [InlineData("part-0", true)]
    [InlineData("_SUCCESS", true)]
    public void Create_OverwriteSomethingElse_IsRefused(string name, bool isDirectory)
    {
        var path = Path.Combine(Target, name);
        Directory.CreateDirectory(isDirectory ? path : Target);
        if (!isDirectory)
        {
            File.WriteAllText(path, "mine");
        }

        var failure = Assert.Throws<IOException>(() => OutputDirectory.Create(Target, overwrite: true));

        Assert.Contains($"has {name}, which no job wrote", failure.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(Target));
    }

    [Fact]
    public void Abandon_SomeAreInPlace_LeavesNothing()
    {
        var output = OutputDirectory.Create(Target);
        Directory.CreateDirectory(Path.Combine(Target, "part-00001"));
        StagedFile[] files = [Write(output, attempt: 0, "committed"), Write(output, attempt: 0, "not yet", partition: 1)];
        Assert.Throws<IOException>(() => output.Commit(files));
        Assert.True(File.Exists(Path.Combine(Target, "part-00000")));
        Directory.Delete(Path.Combine(Target, "part-00001"));

        output.Abandon();

        Assert.False(Directory.Exists(Target));
    }

    private static StagedFile Write(OutputDirectory output, int attempt, string line, int partition = 0)
    {
        var sink = new TextFileSink<string>(output.StagingPath, isCompressed: false);
        return Assert.Single(sink.Summarize(new BatchListReader<string>([[line]]), partition, NewContext(attempt)));
    }

    private static TaskContext NewContext(int attempt) => new()
    {
        Attempt = new TaskAttemptId(new("app-1"), 0, 0, 0, attempt),
        Worker = new WorkerId("worker"),
        CancellationToken = CancellationToken.None,
        Shuffle = new InMemoryShuffleStore(),
        Cache = new InMemoryPartitionCache(),
        Broadcasts = new NoBroadcasts(),
    };

    private sealed class FailingReader : BatchReader<string>
    {
        private int _calls;

        public override ReadOnlySpan<string> Next() => _calls++ == 0 ? new[] { "first" } : throw new FormatException();
    }
}
