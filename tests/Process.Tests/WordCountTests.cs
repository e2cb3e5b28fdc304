using System.Text.RegularExpressions;
using Dpark.TestKit;

namespace Dpark.Tests.Process;

/// <summary>What the sample counts and prints.</summary>
public sealed partial class WordCountTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Run_TreeWithHiddenEntries_CountsWhatIsVisibleAsAwkDoes()
    {
        string[] visible =
        [
            _directory.Write("tree/a.txt", "one two three\n\n  two\tthree three\n"),
            _directory.Write("tree/deep/er/b.txt", "three four\nno newline at the end"),
            _directory.Write("tree/empty.txt", ""),
        ];
        _directory.Write("tree/.hidden.txt", "hidden");
        _directory.Write("tree/.hidden/c.txt", "hidden");

        var result = await WordCountProgram.RunAsync(_directory, "--top", "1000", "tree");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(await Awk.CountAsync(visible), Awk.ParseCounts(result.Output));
        Assert.Equal("three\t4", result.OutputLines[0]);
        Assert.Equal("two\t2", result.OutputLines[1]);
        Assert.Equal(result.OutputLines[2..].Order(StringComparer.Ordinal), result.OutputLines[2..]);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.WorkPath));
    }

    [Fact]
    public async Task Run_EqualCounts_AreInOrdinalOrderAndCutAtTop()
    {
        _directory.Write("words.txt", "b B a ä A c é b");

        var result = await WordCountProgram.RunAsync(_directory, "words.txt", "--top", "5");

        Assert.Equal(["b\t2", "A\t1", "B\t1", "a\t1", "c\t1"], result.OutputLines);
    }

    [Fact]
    public async Task Run_ManyWords_PrintsTwentyByDefault()
    {
        _directory.Write("words.txt", string.Join(' ', Enumerable.Range(0, 100)));

        var result = await WordCountProgram.RunAsync(_directory, "words.txt");

        Assert.Equal(20, result.OutputLines.Length);
    }

    [Fact]
    public async Task Run_UnicodeWhiteSpaceAndLineEnds_SeparateAsSplitDoes()
    {
        const string text = "one\u00A0two\u2003three\r\nfour\rfive\u2028six \n";
        _directory.Write("words.txt", text);

        var result = await WordCountProgram.RunAsync(_directory, "words.txt");

        Assert.Equal(
            text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).Select(word => $"{word}\t1"), result.OutputLines);
    }

    [Fact]
    public async Task Run_FilesAndGlobsTogether_CountsAll()
    {
        _directory.Write("logs/one.log", "a");
        _directory.Write("logs/two.log", "a b");
        _directory.Write("logs/three.txt", "c");
        _directory.Write("other.txt", "d");

        var result = await WordCountProgram.RunAsync(_directory, "logs/*.log", "other.txt");

        Assert.Equal(["a\t2", "b\t1", "d\t1"], result.OutputLines);
    }

    [Fact]
    public async Task Run_NoPath_CountsTheMarkdownFilesOfTheRepository()
    {
        var result = await WordCountProgram.RunAsync(_directory, "--top", "3");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(3, result.OutputLines.Length);
        var files = int.Parse(SummaryPattern().Match(result.ErrorLines[^1]).Groups["files"].ValueSpan, null);
        Assert.Equal(Directory.GetFiles(Repository.Root, "*.md", SearchOption.AllDirectories).Count(path => !Repository.IsHidden(path)), files);
    }

    [Fact]
    public async Task Run_ErrorsRedirected_ShowsStagesAsPlainLinesAndASummary()
    {
        _directory.Write("words.txt", "one two\nthree");

        var result = await WordCountProgram.RunAsync(_directory, "words.txt");

        var summary = SummaryPattern().Match(result.ErrorLines[^1]);
        Assert.True(summary.Success, $"No summary: {result.Errors}");
        Assert.Equal("1", summary.Groups["files"].Value);
        Assert.Equal("13", summary.Groups["bytes"].Value);
        Assert.Equal("3", summary.Groups["words"].Value);
        Assert.NotEqual("0", summary.Groups["shuffled"].Value);
        Assert.DoesNotContain('\r', result.Errors);
        Assert.Contains(result.ErrorLines, line => line.Contains("ReduceByKey", StringComparison.Ordinal) && line.Contains("1/1 tasks", StringComparison.Ordinal));
        Assert.Contains(result.ErrorLines, line => line.Contains("TopAsync", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_OnATerminal_WritesProgressOverItsLine()
    {
        _directory.Write("words.txt", "one two");
        var command = $"'{WordCountProgram.Host}' '{WordCountProgram.AssemblyPath}' words.txt";

        using var program = WordCountProgram.StartCommand(_directory, "script", "-qec", command, "/dev/null");
        var result = await program.WaitAsync();

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("\rjob-0", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OnlyEmptyFiles_PrintsNoWordsAndSucceeds()
    {
        _directory.Write("empty.txt", "");

        var result = await WordCountProgram.RunAsync(_directory, "empty.txt");

        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(" 0 words,", result.ErrorLines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_TextThatIsNotUtf8_WarnsOnceOfTheFirstFileAndByte()
    {
        _directory.Write("a.txt", "valid\n");
        await File.WriteAllBytesAsync(_directory.PathOf("b.txt"), [.. "good "u8, 0xFF, .. " bad\n"u8, 0xC3]);
        await File.WriteAllBytesAsync(_directory.PathOf("c.txt"), [0xFE]);

        var result = await WordCountProgram.RunAsync(_directory, "*.txt");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["\uFFFD\t3", "bad\t1", "good\t1", "valid\t1"], result.OutputLines);
        var warning = Assert.Single(result.ErrorLines, line => line.Contains("UTF-8", StringComparison.Ordinal));
        Assert.Contains($"{_directory.PathOf("b.txt")} is not valid UTF-8: byte 5 ", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Help_NamesEveryOption()
    {
        var result = await WordCountProgram.RunAsync(_directory, "--help");

        Assert.Equal(0, result.ExitCode);
        Assert.All(["PATH", "--top", "--output", "--partitions"], option => Assert.Contains(option, result.Output, StringComparison.Ordinal));
    }

    [GeneratedRegex(
        @"^(?<files>\d+) files, (?<bytes>\d+) bytes, (?<words>\d+) words, [\d.]+ seconds, [\d.]+ MB/s, \d+ tasks, (?<shuffled>\d+) bytes shuffled$")]
    private static partial Regex SummaryPattern();
}
