using System.Globalization;
using System.IO.Compression;
using Dpark.Rdds.Actions;
using Dpark.Tasks;

namespace Dpark.Rdds.Sinks;

/// <summary>Writes a partition as a file of a staging directory, and gives the file's name. See <see cref="OutputDirectory"/> for what a crash leaves.</summary>
internal abstract class FileSink<T>(string stagingPath, bool isCompressed) : PartitionSummary<T, string>
{
    public override string[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"part-{partitionIndex:00000}{(isCompressed ? ".gz" : "")}");
        var temporary = Path.Combine(stagingPath, $".{name}.{context.Attempt.StageAttempt}.{context.Attempt.Attempt}.{Guid.NewGuid():N}");
        try
        {
            Write(input, temporary, context);
            File.Move(temporary, Path.Combine(stagingPath, name), overwrite: true);
        }
        catch (DirectoryNotFoundException) when (!Directory.Exists(stagingPath))
        {
            throw new IOException(
                $"The staging directory {stagingPath} is not there. The job has ended, or this worker does not share the file system of the output directory.");
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        return [name];
    }

    /// <summary>Writes all elements.</summary>
    protected abstract void Write(BatchReader<T> input, Stream output, TaskContext context);

    private void Write(BatchReader<T> input, string path, TaskContext context)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        using (var gzip = isCompressed ? new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true) : null)
        {
            Write(input, (Stream?)gzip ?? file, context);
        }

        context.Metrics.OutputBytes += file.Length;
    }
}
