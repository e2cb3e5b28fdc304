using System.Globalization;
using System.IO.Compression;
using Dpark.Rdds.Actions;
using Dpark.Tasks;

namespace Dpark.Rdds.Sinks;

/// <summary>
/// Writes a partition as a file of a staging directory, under a name that no other attempt uses, and gives that name and the length: the driver commits the file of the attempt whose
/// report it accepts. See <see cref="OutputDirectory"/> for what a crash leaves.
/// </summary>
internal abstract class FileSink<T>(string stagingPath, bool isCompressed) : PartitionSummary<T, StagedFile>
{
    public override StagedFile[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        var name = OutputDirectory.NewStagedName(string.Create(CultureInfo.InvariantCulture, $"part-{partitionIndex:00000}{(isCompressed ? ".gz" : "")}"));
        var path = Path.Combine(stagingPath, name);
        try
        {
            return [new(name, Write(input, path, context))];
        }
        catch (DirectoryNotFoundException) when (!Directory.Exists(stagingPath))
        {
            throw new IOException(
                $"The staging directory {stagingPath} is not there. The job has ended, or this worker does not share the file system of the output directory.");
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Writes all elements.</summary>
    protected abstract void Write(BatchReader<T> input, Stream output, TaskContext context);

    private long Write(BatchReader<T> input, string path, TaskContext context)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        using (var gzip = isCompressed ? new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true) : null)
        {
            Write(input, (Stream?)gzip ?? file, context);
        }

        var length = file.Length;
        context.Metrics.OutputBytes += length;
        return length;
    }
}
