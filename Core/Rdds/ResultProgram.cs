using Dpark.Codecs;
using Dpark.Tasks;

namespace Dpark.Rdds;

/// <summary>Computes one partition and encodes all its elements for the driver. Actions are jobs on RDDs whose partitions have few elements.</summary>
internal sealed class ResultProgram<T>(Rdd<T> rdd) : StageProgram
{
    public override TaskOutput Run(Partition partition, TaskContext context)
    {
        using var reader = rdd.Read(partition, context);
        using var writer = new RecordBlockWriter<T>();
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            writer.Write(batch);
        }

        return new ResultOutput(writer.ToArray(), writer.RecordCount);
    }
}
