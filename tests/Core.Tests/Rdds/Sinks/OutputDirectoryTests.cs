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
        Assert.Equal(paths, Directory.GetFileSystemEntries(Target));
    }

    [Fact]
    public void Write_AfterTheCommit_FailsAndLeavesNothing()
    {
        var output = OutputDirectory.Create(Target);
        output.Commit([Write(output, attempt: 0, "accepted")]);

        Assert.Throws<IOException>(() => Write(output, attempt: 1, "late twin"));

        Assert.Single(Directory.GetFileSystemEntries(Target));
    }

    [Fact]
    public void Write_ElementsFail_LeavesNoFile()
    {
        var output = OutputDirectory.Create(Target);

        Assert.Throws<FormatException>(() => new TextFileSink<string>(output.StagingPath, isCompressed: false).Summarize(new FailingReader(), 0, NewContext(0)));

        Assert.Empty(Directory.GetFileSystemEntries(output.StagingPath));
    }

    [Fact]
    public void Find_DriverKilledBeforeTheCommit_SeesNoFile()
    {
        Write(OutputDirectory.Create(Target), attempt: 0, "never committed");

        Assert.Empty(InputFiles.Find(Target));
        Assert.Throws<FileNotFoundException>(() => InputFiles.Find(Path.Combine(Target, "*")));
    }

    [Fact]
    public void Find_DriverKilledDuringTheCommit_RefusesThePart()
    {
        var output = OutputDirectory.Create(Target);
        var first = Write(output, attempt: 0, "committed");
        Write(output, attempt: 0, "not yet");
        File.Move(Path.Combine(output.StagingPath, first), Path.Combine(Target, "part-00000"));

        var failure = Assert.Throws<IOException>(() => InputFiles.Find(Target));

        Assert.Contains("not all there", failure.Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => InputFiles.Find(Path.Combine(Target, "part-*")));
        Assert.Throws<IOException>(() => OutputDirectory.Create(Target));
    }

    [Fact]
    public void Abandon_SomeAreInPlace_LeavesNothing()
    {
        var output = OutputDirectory.Create(Target);
        var name = Write(output, attempt: 0, "committed");
        File.Move(Path.Combine(output.StagingPath, name), Path.Combine(Target, "part-00000"));

        output.Abandon([name]);

        Assert.False(Directory.Exists(Target));
    }

    private static string Write(OutputDirectory output, int attempt, string line)
    {
        var sink = new TextFileSink<string>(output.StagingPath, isCompressed: false);
        return Assert.Single(sink.Summarize(new BatchListReader<string>([[line]]), 0, NewContext(attempt)));
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
