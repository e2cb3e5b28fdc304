using System.Globalization;
using System.Text;
using Dpark.Rdds.Operators;
using Dpark.Tasks;

namespace Dpark.Rdds.Sinks;

/// <summary>Writes the text of each element and a line feed.</summary>
internal sealed class TextFileSink<T>(string stagingPath, bool isCompressed) : FileSink<T>(stagingPath, isCompressed)
{
    private const int BufferBytes = 256 << 10;

    protected override void Write(BatchReader<T> input, Stream output, TaskContext context)
    {
        using var writer = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), BufferBytes, leaveOpen: true);
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
