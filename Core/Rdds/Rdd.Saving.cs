using System.Runtime.CompilerServices;
using Dpark.Rdds.Actions;
using Dpark.Rdds.Sinks;
using Dpark.Text;

namespace Dpark.Rdds;

// Actions that write files.
public abstract partial class Rdd<T>
{
    /// <summary>
    /// Writes one text file per partition, <c>part-00000</c>, <c>part-00001</c> and so on, also for empty ones: the text of each element and <c>\n</c>. All files
    /// appear when the job is complete; if it fails or is cancelled, none is left, nor the directory if it was not there before.
    /// </summary>
    /// <param name="directory">
    /// Empty, or not there yet. On this machine, or on a file system that it shares with the workers, who write to the same full path.
    /// </param>
    /// <param name="isCompressed">Write gzip files, with <c>.gz</c> behind their names.</param>
    /// <returns>The full paths of the files, in the order of the partitions.</returns>
    /// <remarks>The text is <see cref="object.ToString"/> with the invariant culture, in UTF-8, and an empty line for null. Text that holds line ends becomes several lines.</remarks>
    /// <example><code>await counts.Map(pair => $"{pair.Key}\t{pair.Value}").SaveAsTextFileAsync("counts");</code></example>
    /// <exception cref="IOException">The directory has entries already, and is left untouched; or the files could not be put in place.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<string[]> SaveAsTextFileAsync(
        string directory,
        bool isCompressed = false,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var callSite = new CallSite(nameof(SaveAsTextFileAsync), file, line);
        Func<string, PartitionSummary<T, string>> newSink = typeof(T) == typeof(Utf8Text)
            ? staging => new SliceFileSink<T>(staging, isCompressed)
            : staging => new TextFileSink<T>(staging, isCompressed);
        return await SaveAsync(newSink, directory, callSite, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Fills a directory with one file per partition, all or nothing.</summary>
    /// <param name="newSink">Makes the sink for a staging directory.</param>
    internal async Task<string[]> SaveAsync(
        Func<string, PartitionSummary<T, string>> newSink, string directory, CallSite callSite, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Missing input is found before a directory is made for the output.
        _ = Partitions;
        var output = OutputDirectory.Create(directory);
        List<string> names = [];
        try
        {
            names = await SummarizeAsync(newSink(output.StagingPath), callSite, cancellationToken).ConfigureAwait(false);
            return output.Commit(names);
        }
        catch
        {
            output.Abandon(names);
            throw;
        }
    }
}
