using Dpark.Partitioning;
using Dpark.Shuffle;

namespace Dpark.Rdds.Operators;

/// <summary>An RDD by key of two others. Each is read in place if it is partitioned as the result is; else it is shuffled.</summary>
internal abstract class TwoInputRdd<TKey, TLeft, TRight, TOut> : Rdd<TOut>
    where TKey : notnull
{
    [NonSerialized]
    private readonly Dependency[] _dependencies;

    [NonSerialized]
    private readonly Partitioner _partitioner;

    [NonSerialized]
    private Partition[]? _partitions;

    private protected TwoInputRdd(
        Rdd<(TKey Key, TLeft Value)> left, Rdd<(TKey Key, TRight Value)> right, Partitioner partitioner, CallSite callSite)
        : base(left.Context, callSite)
    {
        (Left, var leftDependency) = JoinInput<TKey, TLeft>.Create(left, partitioner, callSite);
        (Right, var rightDependency) = JoinInput<TKey, TRight>.Create(right, partitioner, callSite);
        _dependencies = [leftDependency, rightDependency];
        _partitioner = partitioner;
        if (_dependencies.Any(dependency => dependency is ShuffleDependency))
        {
            (partitioner as SizedPartitioner)?.Decision.Take();
        }
    }

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => _dependencies;

    public override Partitioner? Partitioner => _partitioner;

    protected JoinInput<TKey, TLeft> Left { get; }

    protected JoinInput<TKey, TRight> Right { get; }

    public override IReadOnlyList<string> PreferredLocations(Partition partition)
    {
        var sources = (TwoInputPartition)partition;
        var left = sources.Left is null ? [] : _dependencies[0].Parent.PreferredLocations(sources.Left);
        return left.Count > 0 || sources.Right is null ? left : _dependencies[1].Parent.PreferredLocations(sources.Right);
    }

    internal override int? KnownPartitionCount => Volatile.Read(ref _partitions)?.Length;

    internal override bool IsPrepared => _partitioner is not SizedPartitioner { Decision.IsDecided: false };

    internal override Task PrepareAsync(CallSite action, CancellationToken cancellationToken) =>
        ((SizedPartitioner)_partitioner).Decision.PrepareAsync([.. _dependencies.OfType<ShuffleDependency>()], action, cancellationToken);

    private Partition[] ListPartitions()
    {
        var partitions = new Partition[_partitioner.PartitionCount];
        for (var index = 0; index < partitions.Length; index++)
        {
            partitions[index] = new TwoInputPartition(index, SourceOf(_dependencies[0], index), SourceOf(_dependencies[1], index), _partitioner.BucketsOf(index));
        }

        return partitions;
    }

    private static Partition? SourceOf(Dependency dependency, int index) => dependency is NarrowDependency ? dependency.Parent.Partitions[index] : null;
}

/// <summary>The partitions of the two inputs, where they are read in place.</summary>
internal sealed class TwoInputPartition(int index, Partition? left, Partition? right, BucketRange buckets) : Partition(index)
{
    public Partition? Left { get; } = left;

    public Partition? Right { get; } = right;

    internal override BucketRange Buckets => buckets;
}
