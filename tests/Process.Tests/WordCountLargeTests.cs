using System.Diagnostics;
using Dpark.TestKit;

namespace Dpark.Tests.Process;

/// <summary>The sample on more text than fits a few buffers.</summary>
public sealed class WordCountLargeTests : IDisposable
{
    private const ulong Seed = 42;
    private const long LargeBytes = 200_000_000;

    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstOutputLimit = TimeSpan.FromMinutes(1);

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Run_TwoHundredMegabytes_WritesTheCountsOfAwk()
    {
        var text = _directory.PathOf("words.txt");
        new ZipfText(Seed).WriteFile(text, LargeBytes);

        var result = await WordCountProgram.RunAsync(_directory, "words.txt", "--output", "out", "--partitions", "5", "--top", "3");

        Assert.True(result.ExitCode == 0, result.Errors);
        string[] files = [.. Enumerable.Range(0, 5).Select(i => _directory.PathOf($"out/part-0000{i}"))];
        Assert.Equal([_directory.PathOf("out/_SUCCESS"), .. files], Directory.GetFileSystemEntries(_directory.PathOf("out")).Order(StringComparer.Ordinal));
        var counts = await Awk.CountAsync(text);
        Assert.Equal(counts, Awk.ParseCounts(string.Concat(files.Select(File.ReadAllText))));
        var top = counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(3);
        Assert.Equal(top.Select(pair => $"{pair.Key}\t{pair.Value}"), result.OutputLines);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.WorkPath));
    }

    [Fact]
    public async Task Run_InterruptedInTheMiddle_EndsWithinASecondAndLeavesNothing()
    {
        new ZipfText(Seed).WriteFile(_directory.PathOf("words.txt"), LargeBytes);
        using var watcher = new FileSystemWatcher(_directory.WorkPath) { IncludeSubdirectories = true };
        var isShuffling = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Created += (_, entry) =>
        {
            if (entry.Name!.Contains("shuffle", StringComparison.Ordinal))
            {
                isShuffling.TrySetResult();
            }
        };
        watcher.EnableRaisingEvents = true;

        using var program = WordCountProgram.Start(_directory, "words.txt", "--output", "out");
        await isShuffling.Task.WaitAsync(FirstOutputLimit);
        var interruptedAt = Stopwatch.GetTimestamp();
        program.SendInterrupt();
        var result = await program.WaitAsync();
        var elapsed = Stopwatch.GetElapsedTime(interruptedAt);

        Assert.Equal(130, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Equal("Cancelled.", result.ErrorLines[^1]);
        Assert.Equal([_directory.PathOf("words.txt"), _directory.WorkPath], Directory.GetFileSystemEntries(_directory.Path).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(_directory.WorkPath));
        Assert.True(elapsed < CancelLimit, $"The program ended {elapsed} after the interrupt, more than {CancelLimit}. Standard error: {result.Errors}");
    }
}
