using Dpark.Tasks;

namespace Dpark.Rdds.Sources;

/// <summary>Consecutive numbers, made in the tasks. Takes no memory, however many there are.</summary>
internal sealed class RangeRdd(IRddContext context, long start, long count, int sliceCount, CallSite callSite) : Rdd<long>(context, callSite)
{
    [NonSerialized]
    private Partition[]? _partitions;

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => [];

    protected override BatchReader<long> Compute(Partition partition, TaskContext context)
    {
        var range = (RangePartition)partition;
        return new Reader(range.Begin, range.End, context);
    }

    private Partition[] ListPartitions()
    {
        var partitions = new Partition[Math.Max(1, Math.Min(count, sliceCount))];
        for (var index = 0; index < partitions.Length; index++)
        {
            partitions[index] = new RangePartition(index, start + Share(index), start + Share(index + 1));
        }

        return partitions;

        // count * parts / partitions, of which only the result need fit in 64 bits.
        long Share(int parts) => (count / partitions.Length * parts) + (count % partitions.Length * parts / partitions.Length);
    }

    private sealed class Reader(long begin, long end, TaskContext context) : BatchReader<long>
    {
        private readonly long[] _output = new long[Math.Min(BatchReader.Capacity, end - begin)];
        private long _next = begin;

        public override ReadOnlySpan<long> Next()
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            var batch = _output.AsSpan(0, (int)Math.Min(_output.Length, end - _next));
            var first = _next;
            for (var i = 0; i < batch.Length; i++)
            {
                batch[i] = first + i;
            }

            _next += batch.Length;
            return batch;
        }
    }
}

/// <summary>The numbers from <paramref name="begin"/> up to, not including, <paramref name="end"/>.</summary>
internal sealed class RangePartition(int index, long begin, long end) : Partition(index)
{
    public long Begin { get; } = begin;

    public long End { get; } = end;
}
