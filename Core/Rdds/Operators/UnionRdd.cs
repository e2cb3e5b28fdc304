using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>The partitions of several RDDs in a row. Narrow; nothing is removed, and no elements move.</summary>
internal sealed class UnionRdd<T> : Rdd<T>
{
    private readonly Rdd<T>[] _parents;

    [NonSerialized]
    private readonly Dependency[] _dependencies;

    [NonSerialized]
    private Partition[]? _partitions;

    public UnionRdd(IRddContext context, Rdd<T>[] parents, CallSite callSite)
        : base(context, callSite)
    {
        _parents = parents;
        _dependencies = [.. parents.Select((parent, index) => new NarrowDependency(parent, i => ParentPartitions(index, i)))];
    }

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => _dependencies;

    public override IReadOnlyList<string> PreferredLocations(Partition partition)
    {
        var (parent, source) = Source(partition);
        return parent.PreferredLocations(source);
    }

    internal override int? KnownPartitionCount => Volatile.Read(ref _partitions)?.Length;

    protected override BatchReader<T> Compute(Partition partition, TaskContext context)
    {
        var (parent, source) = Source(partition);
        return parent.Read(source, context);
    }

    private (Rdd<T> Parent, Partition Source) Source(Partition partition)
    {
        var unionPartition = (UnionPartition)partition;
        return (_parents[unionPartition.ParentIndex], unionPartition.Source);
    }

    private Partition[] ListPartitions()
    {
        var partitions = new List<Partition>();
        for (var parentIndex = 0; parentIndex < _parents.Length; parentIndex++)
        {
            foreach (var source in _parents[parentIndex].Partitions)
            {
                partitions.Add(new UnionPartition(partitions.Count, parentIndex, source));
            }
        }

        return [.. partitions];
    }

    private int[] ParentPartitions(int parentIndex, int index)
    {
        var partition = (UnionPartition)Partitions[index];
        return partition.ParentIndex == parentIndex ? [partition.Source.Index] : [];
    }
}

/// <summary>A partition of one of the parents of a union.</summary>
internal sealed class UnionPartition(int index, int parentIndex, Partition source) : Partition(index)
{
    public int ParentIndex { get; } = parentIndex;

    public Partition Source { get; } = source;
}
