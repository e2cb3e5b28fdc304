using System.Runtime.Versioning;

namespace Dpark.Tests.Process;

/// <summary>Wrong input of the sample: one line, exit code 2, and never a stack trace.</summary>
public sealed class WordCountWrongInputTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("nothing-here", "nothing-here")]
    [InlineData("*.nothing", "*.nothing")]
    [InlineData("words.txt --unknown", "--unknown")]
    [InlineData("-x words.txt", "-x")]
    [InlineData("words.txt --top 0", "--top is 0")]
    [InlineData("words.txt --top -5", "--top is -5")]
    [InlineData("words.txt --top many", "many")]
    [InlineData("words.txt --top", "--top")]
    [InlineData("words.txt --partitions -1", "--partitions is -1")]
    [InlineData("words.txt --partitions 0", "--partitions is 0")]
    [InlineData("words.txt --partitions 1000000", "--partitions is 1000000")]
    [InlineData("words.txt --output words.txt", "is a file")]
    [InlineData("words.txt --output words.txt/below", "is a file")]
    [InlineData("empty", "empty")]
    [InlineData("{words.txt", "{words.txt")]
    public async Task Run_WrongInput_IsOneLineAndExitCodeTwo(string arguments, string mentioned)
    {
        _directory.Write("words.txt", "one two");
        _directory.Write("empty/.hidden", "hidden");

        var result = await WordCountProgram.RunAsync(_directory, arguments.Split(' '));

        AssertRefused(result, mentioned);
    }

    [Fact]
    public async Task Run_EmptyPath_IsRefused() => AssertRefused(await WordCountProgram.RunAsync(_directory, ""), "path");

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Run_UnreadableFile_IsRefused()
    {
        var path = _directory.Write("secret.txt", "secret");
        File.SetUnixFileMode(path, UnixFileMode.None);

        // Root may read everything, so that the child must be somebody else.
        string[] asNobody = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
        File.SetUnixFileMode(_directory.Path, (UnixFileMode)0b111_101_101);
        using var program = WordCountProgram.StartAs(_directory, asNobody, ["secret.txt"]);

        AssertRefused(await program.WaitAsync(), path);
    }

    [Fact]
    public async Task Run_WorkDirectoryCannotBeUsed_IsOneLineAndExitCodeOne()
    {
        var words = _directory.Write("words.txt", "one two");

        using var program = WordCountProgram.StartAs(_directory, ["env", $"DPARK_WORK_DIR={words}"], ["words.txt"]);
        var result = await program.WaitAsync();

        Assert.Contains(words, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public async Task Run_Pipe_IsRefused()
    {
        using var program = WordCountProgram.StartCommand(
            _directory, "sh", "-c", $"echo words | '{WordCountProgram.Host}' '{WordCountProgram.AssemblyPath}' /dev/stdin");

        AssertRefused(await program.WaitAsync(), "/dev/stdin");
    }

    [Fact]
    public async Task Run_OutputNotEmpty_IsRefusedAndLeftUntouched()
    {
        _directory.Write("words.txt", "one two");
        var kept = _directory.Write("out/kept.txt", "kept");

        var result = await WordCountProgram.RunAsync(_directory, "words.txt", "--output", "out");

        AssertRefused(result, "kept.txt");
        Assert.Equal([kept], Directory.GetFileSystemEntries(_directory.PathOf("out")));
        Assert.Equal("kept", await File.ReadAllTextAsync(kept));
    }

    private void AssertRefused(ProgramResult result, string mentioned)
    {
        var line = Assert.Single(result.ErrorLines);
        Assert.Contains(mentioned, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.WorkPath));
    }
}
