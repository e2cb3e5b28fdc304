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
        return Blame(Open(partition.Buckets, context), context);
    }

    /// <summary>Puts a failure while reading down to this operator.</summary>
    private protected virtual BatchReader<T> Blame(BatchReader<T> source, TaskContext context) => new BlamedReader<T>(source, CallSite, context);

    /// <summary>Opens buckets of the shuffle.</summary>
    protected abstract BatchReader<T> Open(BucketRange buckets, TaskContext context);
}

/// <summary>Puts a failure while reading down to <paramref name="callSite"/>: the functions that merge values run inside the source.</summary>
internal class BlamedReader<T>(BatchReader<T> source, CallSite callSite, TaskContext context) : BatchReader<T>
{
    /// <summary>What is read.</summary>
    protected BatchReader<T> Source => source;

    public override ReadOnlySpan<T> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        BlameFailures();
        return source.Next();
    }

    /// <summary>Failures are put down to the operator from now on.</summary>
    protected void BlameFailures() => context.RunningOperator = callSite;

    protected override void Dispose(bool disposing)
    {
        source.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>As <see cref="BlamedReader{T}"/>, for pairs that may be in a table.</summary>
internal sealed class BlamedPairReader<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> source, CallSite callSite, TaskContext context)
    : BlamedReader<(TKey Key, TValue Value)>(source, callSite, context), ITableSource<TKey, TValue>
{
    /// <inheritdoc/>
    public NumberTable<TKey, TValue>? TryTakeTable()
    {
        BlameFailures();
        return (Source as ITableSource<TKey, TValue>)?.TryTakeTable();
    }
}
