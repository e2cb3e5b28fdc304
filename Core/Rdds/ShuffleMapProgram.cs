using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds;

/// <summary>Computes one partition and writes it as a map output: a bucket per partition of <paramref name="partitioner"/>.</summary>
internal sealed class ShuffleMapProgram<TKey, TValue, TCombined>(
    Rdd<(TKey Key, TValue Value)> rdd, ShuffleId shuffle, Partitioner partitioner, Aggregator<TValue, TCombined>? aggregator, CallSite callSite)
    : StageProgram
    where TKey : notnull
{
    public override TaskOutput Run(Partition partition, TaskContext context)
    {
        using var input = new AttributedReader<(TKey Key, TValue Value)>(rdd.Read(partition, context), callSite, context);
        return new ShuffleMapOutput(context.Shuffle.WriteMapOutput(shuffle, partition.Index, input, partitioner, aggregator, context));
    }
}
