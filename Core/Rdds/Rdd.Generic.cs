using Dpark.Caching;
using Dpark.Tasks;

namespace Dpark.Rdds;

/// <summary>A lazy, immutable, partitioned collection of <typeparamref name="T"/>. Transformations describe a new one and run nothing; actions run a job.</summary>
/// <remarks>Thread-safe in the driver: many jobs may run on the same RDD at once.</remarks>
public abstract partial class Rdd<T> : Rdd
{
    private protected Rdd(IRddContext context, CallSite callSite)
        : base(context, callSite)
    {
    }

    /// <summary>Opens one partition in a task: from the cache if this RDD is cached, else computed.</summary>
    public BatchReader<T> Read(Partition partition, TaskContext context) =>
        StorageLevel == StorageLevel.None
            ? Compute(partition, context)
            : context.Cache.GetOrCompute(this, partition, context, () => Compute(partition, context));

    /// <inheritdoc/>
    public override StageProgram CreateResultProgram() => new ResultProgram<T>(this);

    /// <summary>Opens one partition by computing it from its parents. Parents are opened with <see cref="Read"/>.</summary>
    protected abstract BatchReader<T> Compute(Partition partition, TaskContext context);
}
