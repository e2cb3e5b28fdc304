using Dpark.Codecs;
using Dpark.Tasks;

namespace Dpark.Rdds;

/// <summary>Computes one partition and encodes all its elements for the driver. Actions are jobs on RDDs whose partitions have few elements.</summary>
/// <remarks>The result is in memory as a whole until it is handed over. It counts for the task, which can neither spill it nor go on without it.</remarks>
/// <param name="maxBytes">Most bytes of the encoded result; never more than an array can hold.</param>
internal sealed class ResultProgram<T>(Rdd<T> rdd, int maxBytes = int.MaxValue) : StageProgram
{
    // Below that, counting would only cost time: most results are single numbers.
    private const int LeastCountedBytes = 64 << 10;

    public override TaskOutput Run(Partition partition, TaskContext context)
    {
        using var reader = rdd.Read(partition, context);
        using var writer = new RecordBlockWriter<T>(maxBytes);
        using var memory = context.Memory.Claim("its result");
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            Write(writer, batch, context);
            if (writer.Capacity > LeastCountedBytes)
            {
                memory.HoldAnyway(writer.Capacity);
            }
        }

        return new ResultOutput(writer.ToArray(), writer.RecordCount);
    }

    private void Write(RecordBlockWriter<T> writer, ReadOnlySpan<T> batch, TaskContext context)
    {
        try
        {
            writer.Write(batch);
        }
        catch (RecordBufferFullException e) when (writer.RecordCount > 1)
        {
            throw new InvalidOperationException(
                $"The result of {context.Attempt} is too large: {writer.RecordCount} elements of partition {context.Attempt.PartitionIndex} take more than " +
                $"{Math.Min(maxBytes, Array.MaxLength)} bytes encoded, which is the most that one partition may give the driver. " +
                "Use more partitions, save the elements to files, or reduce them first.",
                e);
        }
    }
}
