using System.Globalization;
using System.IO.Compression;
using System.Text;
using Dpark.Rdds.Actions;
using Dpark.Rdds.Operators;
using Dpark.Tasks;

namespace Dpark.Rdds.Sinks;

/// <summary>Writes a partition as a text file of a staging directory, and gives the file's name. See <see cref="OutputDirectory"/> for what a crash leaves.</summary>
internal sealed class TextFileSink<T>(string stagingPath, bool isCompressed) : PartitionSummary<T, string>
{
    private const int BufferBytes = 256 << 10;

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

    private void Write(BatchReader<T> input, string path, TaskContext context)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        using (var gzip = isCompressed ? new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true) : null)
        using (var writer = new StreamWriter((Stream?)gzip ?? file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), BufferBytes, leaveOpen: true))
        {
            Write(input, writer, context);
        }

        context.Metrics.OutputBytes += file.Length;
    }

    private static void Write(BatchReader<T> input, StreamWriter writer, TaskContext context)
    {
        var pacer = new RunPacer(context.CancellationToken);
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            for (var i = 0; i < batch.Length;)
            {
                for (var end = pacer.EndOfRun(i, batch.Length); i < end; i++)
                {
                    WriteText(writer, batch[i]);
                    writer.Write('\n');
                }
            }

            context.Metrics.OutputRecords += batch.Length;
        }
    }

    private static void WriteText(StreamWriter writer, T element)
    {
        switch (element)
        {
            case string text:
                writer.Write(text);
                break;
            case IFormattable formattable:
                writer.Write(formattable.ToString(format: null, CultureInfo.InvariantCulture));
                break;
            default:
                writer.Write(element?.ToString());
                break;
        }
    }
}
