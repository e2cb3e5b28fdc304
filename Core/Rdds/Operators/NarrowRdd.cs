using Dpark.Caching;
using Dpark.Partitioning;

namespace Dpark.Rdds.Operators;

/// <summary>An RDD whose partition <c>i</c> is computed from partition <c>i</c> of one parent, in the same task.</summary>
/// <remarks>It has no partitions of its own: a task of it gets the partition object of the RDD at the start of the chain.</remarks>
internal abstract class NarrowRdd<TIn, TOut> : Rdd<TOut>
{
    [NonSerialized]
    private readonly Rdd _partitionOwner;

    [NonSerialized]
    private readonly Rdd? _partitionerOwner;

    [NonSerialized]
    private readonly Dependency[] _dependencies;

    /// <param name="keepsPartitioner">Whether keys are spread after the operator as before it.</param>
    private protected NarrowRdd(Rdd<TIn> parent, CallSite callSite, bool keepsPartitioner = false)
        : base(parent.Context, callSite)
    {
        Parent = parent;
        _partitionOwner = parent.PartitionOwner;
        _partitionerOwner = keepsPartitioner ? parent.PartitionerOwner : null;
        _dependencies = [NarrowDependency.OneToOne(parent)];
    }

    public override IReadOnlyList<Partition> Partitions => _partitionOwner.Partitions;

    public override IReadOnlyList<Dependency> Dependencies => _dependencies;

    public override Partitioner? Partitioner => _partitionerOwner?.Partitioner;

    internal override Rdd PartitionOwner => _partitionOwner;

    internal override Rdd? PartitionerOwner => _partitionerOwner;

    internal override Partitioner? PossiblePartitioner => _partitionerOwner?.PossiblePartitioner;

    protected Rdd<TIn> Parent { get; }

    /// <summary>Whether what becomes of an element does not depend on the others.</summary>
    private protected virtual bool IsElementWise => false;

    // A cached one must not keep a sample, and if it is there already, nothing is read again.
    internal override Partition[]? FindSample(int placeCount) => IsElementWise && StorageLevel == StorageLevel.None ? Parent.FindSample(placeCount) : null;

    public override IReadOnlyList<string> PreferredLocations(Partition partition) => _partitionOwner.PreferredLocations(partition);
}
