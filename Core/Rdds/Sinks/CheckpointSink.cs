using Dpark.Caching;
using Dpark.Tasks;

namespace Dpark.Rdds.Sinks;

/// <summary>Writes the elements as a stored partition, with a checksum per segment; see <see cref="SegmentStream"/>.</summary>
internal sealed class CheckpointSink<T>(string stagingPath) : FileSink<T>(stagingPath, isCompressed: false)
{
    private const int CopyBytes = 256 << 10;

    protected override void Write(BatchReader<T> input, Stream output, TaskContext context)
    {
        var encoder = new SegmentEncoder<T>(input);
        using var stream = new SegmentStream(() =>
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            return encoder.Next();
        });
        stream.CopyTo(output, CopyBytes);
        context.Metrics.OutputRecords += encoder.RecordCount;
    }
}
