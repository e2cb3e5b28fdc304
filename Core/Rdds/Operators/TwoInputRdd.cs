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

    // Whether its large partitions may be cut; not if an input is read in place.
    [NonSerialized]
    private readonly SkewDecision? _skew;

    [NonSerialized]
    private Partition[]? _partitions;

    /// <param name="cuttable">The sides of which a partition may be cut by map outputs.</param>
    private protected TwoInputRdd(
        Rdd<(TKey Key, TLeft Value)> left, Rdd<(TKey Key, TRight Value)> right, Partitioner partitioner, JoinSides cuttable, CallSite callSite)
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

        if (cuttable != JoinSides.None && Context.Partitioning.SplitSkewed && _dependencies is [ShuffleDependency, ShuffleDependency])
        {
            _skew = new SkewDecision(Context, cuttable);
        }
    }

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => _dependencies;

    public override Partitioner? Partitioner => _skew is null || _skew.TryKeepWhole() ? _partitioner : null;

    protected JoinInput<TKey, TLeft> Left { get; }

    protected JoinInput<TKey, TRight> Right { get; }

    public override IReadOnlyList<string> PreferredLocations(Partition partition)
    {
        var sources = (TwoInputPartition)partition;
        var left = sources.Left is null ? [] : _dependencies[0].Parent.PreferredLocations(sources.Left);
        return left.Count > 0 || sources.Right is null ? left : _dependencies[1].Parent.PreferredLocations(sources.Right);
    }

    internal override Partitioner? PossiblePartitioner => _skew is { IsCut: true } ? null : _partitioner;

    internal override int? KnownPartitionCount => Volatile.Read(ref _partitions)?.Length;

    internal override string? PartitionsNote => _skew?.Description;

    internal override bool IsPrepared => _partitioner is not SizedPartitioner { Decision.IsDecided: false } && _skew is not { IsDecided: false };

    internal override async Task PrepareAsync(CallSite action, CancellationToken cancellationToken)
    {
        if (_partitioner is SizedPartitioner sized)
        {
            await sized.Decision.PrepareAsync([.. _dependencies.OfType<ShuffleDependency>()], action, cancellationToken).ConfigureAwait(false);
        }

        if (_skew is { IsDecided: false })
        {
            await _skew.PrepareAsync((ShuffleDependency)_dependencies[0], (ShuffleDependency)_dependencies[1], _partitioner, action, cancellationToken).ConfigureAwait(false);
        }
    }

    private Partition[] ListPartitions()
    {
        if (_skew is not null)
        {
            return [.. _skew.ListParts(_partitioner.PartitionCount).Select((part, index) => new TwoInputPartition(index, _partitioner.BucketsOf(part.Partition))
            {
                LeftMaps = part.Left,
                RightMaps = part.Right,
            })];
        }

        var partitions = new Partition[_partitioner.PartitionCount];
        for (var index = 0; index < partitions.Length; index++)
        {
            partitions[index] = new TwoInputPartition(index, _partitioner.BucketsOf(index)) { Left = SourceOf(_dependencies[0], index), Right = SourceOf(_dependencies[1], index) };
        }

        return partitions;
    }

    private static Partition? SourceOf(Dependency dependency, int index) => dependency is NarrowDependency ? dependency.Parent.Partitions[index] : null;
}

/// <summary>What a task reads of the two inputs.</summary>
internal sealed class TwoInputPartition(int index, BucketRange buckets) : Partition(index)
{
    /// <summary>The partition of the left input, if that is read in place.</summary>
    public Partition? Left { get; init; }

    /// <summary>The partition of the right input, if that is read in place.</summary>
    public Partition? Right { get; init; }

    /// <summary>The map outputs that are read of the left input, if that is shuffled.</summary>
    public MapRange LeftMaps { get; init; } = MapRange.All;

    /// <summary>The map outputs that are read of the right input, if that is shuffled.</summary>
    public MapRange RightMaps { get; init; } = MapRange.All;

    internal override BucketRange Buckets => buckets;
}
