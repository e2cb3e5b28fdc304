using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>An RDD that begins a stage: partition <c>i</c> is what bucket <c>i</c> of all map outputs of one shuffle becomes.</summary>
internal abstract class ShuffleReadRdd<T> : Rdd<T>
{
    [NonSerialized]
    private readonly Dependency[] _dependencies;

    [NonSerialized]
    private readonly Partition[] _partitions;

    [NonSerialized]
    private readonly Partitioner? _partitioner;

    /// <param name="partitioner">The shuffle's if the elements are pairs with its keys, else <see langword="null"/>.</param>
    private protected ShuffleReadRdd(ShuffleDependency dependency, Partitioner? partitioner, CallSite callSite)
        : base(dependency.Parent.Context, callSite)
    {
        Shuffle = dependency.Shuffle;
        _dependencies = [dependency];
        _partitions = Partition.Numbered(dependency.Partitioner.PartitionCount);
        _partitioner = partitioner;
    }

    public override IReadOnlyList<Partition> Partitions => _partitions;

    public override IReadOnlyList<Dependency> Dependencies => _dependencies;

    public override Partitioner? Partitioner => _partitioner;

    protected ShuffleId Shuffle { get; }

    protected override BatchReader<T> Compute(Partition partition, TaskContext context)
    {
        context.RunningOperator = CallSite;
        return new BlamedReader<T>(Open(partition.Index, context), CallSite, context);
    }

    /// <summary>Opens a bucket of the shuffle.</summary>
    protected abstract BatchReader<T> Open(int reduceIndex, TaskContext context);
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
