using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Fewer partitions, each several neighbouring ones of the parent in a row. Narrow.</summary>
internal sealed class CoalescedRdd<T> : Rdd<T>
{
    private readonly Rdd<T> _parent;

    [NonSerialized]
    private readonly int _partitionCount;

    [NonSerialized]
    private readonly Dependency[] _dependencies;

    [NonSerialized]
    private Partition[]? _partitions;

    public CoalescedRdd(Rdd<T> parent, int partitionCount, CallSite callSite)
        : base(parent.Context, callSite)
    {
        _parent = parent;
        _partitionCount = partitionCount;
        _dependencies = [new NarrowDependency(parent, ParentPartitions)];
    }

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => _dependencies;

    public override IReadOnlyList<string> PreferredLocations(Partition partition) =>
        [.. ((CoalescedPartition)partition).Sources.SelectMany(_parent.PreferredLocations).Distinct()];

    internal override int? KnownPartitionCount => Volatile.Read(ref _partitions)?.Length;

    protected override BatchReader<T> Compute(Partition partition, TaskContext context) =>
        new Reader(_parent, ((CoalescedPartition)partition).Sources, context);

    private int[] ParentPartitions(int index) => [.. ((CoalescedPartition)Partitions[index]).Sources.Select(source => source.Index)];

    private Partition[] ListPartitions()
    {
        var sources = _parent.Partitions;
        var count = Math.Min(_partitionCount, sources.Count);
        var partitions = new Partition[count];
        for (var index = 0; index < count; index++)
        {
            var begin = (int)((long)sources.Count * index / count);
            var end = (int)((long)sources.Count * (index + 1) / count);
            partitions[index] = new CoalescedPartition(index, [.. sources.Skip(begin).Take(end - begin)]);
        }

        return partitions;
    }

    private sealed class Reader(Rdd<T> parent, Partition[] sources, TaskContext context) : BatchReader<T>
    {
        private BatchReader<T>? _current;
        private int _next;

        public override ReadOnlySpan<T> Next()
        {
            while (true)
            {
                if (_current is not null)
                {
                    var batch = _current.Next();
                    if (!batch.IsEmpty)
                    {
                        return batch;
                    }

                    _current.Dispose();
                    _current = null;
                }

                if (_next == sources.Length)
                {
                    return default;
                }

                context.CancellationToken.ThrowIfCancellationRequested();
                _current = parent.Read(sources[_next++], context);
            }
        }

        protected override void Dispose(bool disposing)
        {
            _current?.Dispose();
            _current = null;
            _next = sources.Length;
            base.Dispose(disposing);
        }
    }
}

/// <summary>Several partitions of the parent, read one after the other.</summary>
internal sealed class CoalescedPartition(int index, Partition[] sources) : Partition(index)
{
    public Partition[] Sources { get; } = sources;
}
