using System.Runtime.CompilerServices;
using Dpark.Rdds.Sinks;
using Dpark.Text;

namespace Dpark.Rdds;

/// <summary>Actions on slices of bytes.</summary>
public static class ByteSliceRddExtensions
{
    /// <summary>
    /// Writes one file per partition, <c>part-00000</c>, <c>part-00001</c> and so on, also for empty ones: the bytes of all elements in a row. All files appear when the
    /// job is complete; if it fails or is cancelled, none is left, nor the directory if it was not there before. The last file that appears is <c>_SUCCESS</c>, which lists the others.
    /// </summary>
    /// <param name="directory">
    /// Empty, or not there yet. On this machine, or on a file system that it shares with the workers, who write to the same full path.
    /// </param>
    /// <param name="overwrite">
    /// Take a directory with the output of an earlier job, too, and delete that when all partitions are done. The job may read what it replaces.
    /// </param>
    /// <returns>The full paths of the files, in the order of the partitions.</returns>
    /// <example><code>await dpark.BinaryRecords("in", 100).SortBy(record => record[..10]).SaveAsBinaryFileAsync("sorted");</code></example>
    /// <exception cref="IOException">The directory has entries that may not be overwritten, and is left untouched; or the files could not be put in place.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public static Task<string[]> SaveAsBinaryFileAsync(
        this Rdd<ByteSlice> rdd,
        string directory,
        bool overwrite = false,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(rdd);
        return rdd.SaveAsync(
            static staging => new SliceFileSink<ByteSlice>(staging, isCompressed: false),
            directory,
            overwrite,
            new CallSite(nameof(SaveAsBinaryFileAsync), file, line),
            cancellationToken);
    }
}
