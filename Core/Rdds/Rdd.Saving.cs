using System.Runtime.CompilerServices;
using Dpark.Rdds.Actions;
using Dpark.Rdds.Sinks;
using Dpark.Rdds.Sources;
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
    /// <param name="overwrite">
    /// Take a directory with the output of an earlier job, too, and delete that when all partitions are done. The job may read what it replaces.
    /// </param>
    /// <returns>The full paths of the files, in the order of the partitions.</returns>
    /// <remarks>
    /// <para>The last file that appears is <c>_SUCCESS</c>: it lists the others with their lengths. Sources skip it, and refuse a directory whose files are not those
    /// that it lists.</para>
    /// <para>The text is <see cref="object.ToString"/> with the invariant culture, in UTF-8, and an empty line for null. Text that holds line ends becomes several lines.</para>
    /// </remarks>
    /// <example><code>await counts.Map(pair => $"{pair.Key}\t{pair.Value}").SaveAsTextFileAsync("counts");</code></example>
    /// <exception cref="IOException">The directory has entries that may not be overwritten, and is left untouched; or the files could not be put in place.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<string[]> SaveAsTextFileAsync(
        string directory,
        bool isCompressed = false,
        bool overwrite = false,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var callSite = new CallSite(nameof(SaveAsTextFileAsync), file, line);
        Func<string, PartitionSummary<T, StagedFile>> newSink = typeof(T) == typeof(Utf8Text)
            ? staging => new SliceFileSink<T>(staging, isCompressed)
            : staging => new TextFileSink<T>(staging, isCompressed);
        return await SaveAsync(newSink, directory, overwrite, callSite, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Computes this RDD once, writes it to files, and gives an RDD that reads them: with all of its partitions and their order, and without the lineage. It survives the loss
    /// of all workers, and the end of the application; the files stay until somebody deletes them.
    /// </summary>
    /// <param name="directory">
    /// Empty, or not there yet. On a file system that the driver shares with all workers, who read the same full path; or on this machine, if they run here.
    /// </param>
    /// <param name="overwrite">Take a directory with an earlier checkpoint, too, and delete that when all partitions are done. It may be the one that this RDD is computed from.</param>
    /// <returns>What to go on with. RDDs that were made from this one before keep their lineage.</returns>
    /// <remarks>Loops whose lineage grows with each round cut it by this every few rounds: planning and recovery take time in proportion to it. A file that is missing or damaged later
    /// fails the jobs that read it, with its name; nothing is computed instead.</remarks>
    /// <example><code>ranks = await ranks.CheckpointAsync($"/shared/ranks-{round}");</code></example>
    /// <exception cref="Codecs.UnsupportedRecordTypeException">The elements cannot be encoded.</exception>
    /// <exception cref="IOException">The directory has entries that may not be overwritten, and is left untouched; or the files could not be put in place.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<Rdd<T>> CheckpointAsync(
        string directory,
        bool overwrite = false,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        Codecs.RecordCodec.EnsureSupported<T>();
        var callSite = new CallSite(nameof(CheckpointAsync), file, line);
        await SaveAsync(static staging => new CheckpointSink<T>(staging), directory, overwrite, callSite, cancellationToken).ConfigureAwait(false);
        return new CheckpointRdd<T>(Context, Path.GetFullPath(directory), Partitioner, callSite);
    }

    /// <summary>Fills a directory with one file per partition, all or nothing.</summary>
    /// <param name="newSink">Makes the sink for a staging directory.</param>
    internal async Task<string[]> SaveAsync(
        Func<string, PartitionSummary<T, StagedFile>> newSink, string directory, bool overwrite, CallSite callSite, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Missing input is found before a directory is made for the output.
        foreach (var source in Lineage.ParentsFirst(this, static _ => true).Where(static rdd => rdd.Dependencies.Count == 0))
        {
            _ = source.Partitions;
        }

        var output = OutputDirectory.Create(directory, overwrite);
        try
        {
            return output.Commit(await SummarizeAsync(newSink(output.StagingPath), callSite, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            output.Abandon();
            throw;
        }
    }
}
