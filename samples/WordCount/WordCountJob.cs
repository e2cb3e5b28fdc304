using Dpark;
using Dpark.Configuration;
using Dpark.Jobs;
using Dpark.Progress;
using Dpark.Rdds;
using Microsoft.Extensions.Logging;

namespace WordCount;

/// <summary>The job: from lines to words, to counts by word, to the most frequent ones.</summary>
internal static class WordCountJob
{
    /// <summary>Runs the job on a cluster or on an engine in this process; prints the words on standard output, and progress, warnings and a summary on standard error.</summary>
    /// <exception cref="WrongInputException">The input cannot be read, or the output directory cannot be used. Nothing was run.</exception>
    /// <exception cref="OperationCanceledException">The job was cancelled. Its files are deleted.</exception>
    public static async Task RunAsync(WordCountOptions options, CancellationToken cancellationToken)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        var files = TextInput.Find(options.Paths);
        RefuseOutput(options.Output);

        using var progress = new ConsoleProgress(Console.Error, !Console.IsErrorRedirected, TimeProvider.System) { QuietTime = TimeSpan.Zero };
        var warnings = new EncodingWarnings(files);

        await using var dpark = await OpenAsync(options.Cluster, [progress, warnings], cancellationToken);

        var counts = dpark.TextFile(files.Select(file => file.Path))
            .FlatMap(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Map(word => (word, 1L))
            .ReduceByKey((a, b) => a + b, options.PartitionCount)
            .Cache();
        var top = await counts.TopAsync(options.Top, new ByCountThenWord(), cancellationToken);
        var wordCount = await counts.Values().FoldAsync(0L, (a, b) => a + b, cancellationToken);
        if (options.Output is not null)
        {
            await counts.Map(pair => $"{pair.Key}\t{pair.Value}").SaveAsTextFileAsync(options.Output, cancellationToken: cancellationToken);
        }

        Report.Print(top);
        warnings.PrintFirst();
        Report.PrintSummary(files, wordCount, TimeProvider.System.GetElapsedTime(startedAt), dpark.Totals);
    }

    private static async Task<DparkContext> OpenAsync(ConnectOptions? cluster, IJobListener[] listeners, CancellationToken cancellationToken)
    {
        // What goes wrong comes as an exception, too.
        const LogLevel level = LogLevel.Critical;
        if (cluster is null)
        {
            var local = new LocalOptions { MinimumLogLevel = level };
            Array.ForEach(listeners, local.Client.Listeners.Add);
            return await DparkContext.LocalAsync(local, cancellationToken);
        }

        cluster.MinimumLogLevel = level;
        Array.ForEach(listeners, cluster.Client.Listeners.Add);
        return await DparkContext.ConnectAsync(cluster, cancellationToken);
    }

    // The job would refuse it as well, but only after the counting.
    private static void RefuseOutput(string? directory)
    {
        if (directory is null)
        {
            return;
        }

        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).FirstOrDefault() is { } entry)
        {
            throw new WrongInputException(
                $"The output directory '{directory}' is not empty: it has '{Path.GetFileName(entry)}'. Name one that is empty or not there yet.");
        }

        for (var path = Path.GetFullPath(directory); path is not null && !Directory.Exists(path); path = Path.GetDirectoryName(path))
        {
            if (File.Exists(path))
            {
                throw new WrongInputException($"The output directory '{directory}' cannot be made: '{path}' is a file. Name a directory that is empty or not there yet.");
            }
        }
    }
}
