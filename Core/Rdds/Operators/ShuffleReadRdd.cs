using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>An RDD that begins a stage: a partition is what one bucket, or several neighbours, of all map outputs of one shuffle become.</summary>
internal abstract class ShuffleReadRdd<T> : Rdd<T>
{
    [NonSerialized]
    private readonly Dependency[] _dependencies;

    [NonSerialized]
    private readonly Partitioner? _partitioner;

    [NonSerialized]
    private readonly ShuffleDependency _dependency;

    [NonSerialized]
    private Partition[]? _partitions;

    /// <param name="partitioner">The shuffle's if the elements are pairs with its keys, else <see langword="null"/>.</param>
    private protected ShuffleReadRdd(ShuffleDependency dependency, Partitioner? partitioner, CallSite callSite)
        : base(dependency.Parent.Context, callSite)
    {
        Shuffle = dependency.Shuffle;
        _dependency = dependency;
        (dependency.Partitioner as SizedPartitioner)?.Decision.Take();
        _dependencies = [dependency];
        _partitioner = partitioner;
    }

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, _dependency.Partitioner.CreatePartitions);

    public override IReadOnlyList<Dependency> Dependencies => _dependencies;

    public override Partitioner? Partitioner => _partitioner;

    internal override int? KnownPartitionCount => IsPrepared ? Partitions.Count : null;

    internal override bool IsPrepared => _dependency.Partitioner is not SizedPartitioner { Decision.IsDecided: false };

    protected ShuffleId Shuffle { get; }

    internal override Task PrepareAsync(CallSite action, CancellationToken cancellationToken) =>
        ((SizedPartitioner)_dependency.Partitioner).Decision.PrepareAsync([_dependency], action, cancellationToken);

    protected override BatchReader<T> Compute(Partition partition, TaskContext context)
    {
        context.RunningOperator = CallSite;
        return new BlamedReader<T>(Open(partition.Buckets, context), CallSite, context);
    }

    /// <summary>Opens buckets of the shuffle.</summary>
    protected abstract BatchReader<T> Open(BucketRange buckets, TaskContext context);
}

/// <summary>Puts a failure while reading down to <paramref name="callSite"/>: the functions that merge values run inside the source.</summary>
internal sealed class BlamedReader<T>(BatchReader<T> source, CallSite callSite, TaskContext context) : BatchReader<T>
{
    public override ReadOnlySpan<T> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        context.RunningOperator = callSite;
        return source.Next();
    }

    protected override void Dispose(bool disposing)
    {
        source.Dispose();
        base.Dispose(disposing);
    }
}
