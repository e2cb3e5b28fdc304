using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.TestKit.Rdds;

/// <summary>Keeps every partition that it is asked for.</summary>
public sealed class InMemoryPartitionCache : IPartitionCache
{
    private readonly Dictionary<(RddId Rdd, int Partition), object> _partitions = [];

    /// <inheritdoc/>
    public BatchReader<T> GetOrCompute<T>(Rdd<T> rdd, Partition partition, TaskContext context, Func<BatchReader<T>> compute)
    {
        if (!_partitions.TryGetValue((rdd.Id, partition.Index), out var batches))
        {
            using var reader = compute();
            var computed = new List<T[]>();
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                computed.Add(BorrowedBytes<T>.KeepBatch(batch).ToArray());
            }

            _partitions[(rdd.Id, partition.Index)] = batches = computed;
        }

        return new ArraysReader<T>((List<T[]>)batches);
    }
}
