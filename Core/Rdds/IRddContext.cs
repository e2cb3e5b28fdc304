using Dpark.Configuration;
using Dpark.Shuffle;

namespace Dpark.Rdds;

/// <summary>What RDDs ask of the driver. <c>DparkContext</c> implements it; tests of operators use a context that runs tasks in the calling thread.</summary>
/// <remarks>Thread-safe.</remarks>
public interface IRddContext
{
    /// <summary>Slices of a collection, and partitions of a shuffle whose data has no size, when the caller names no number. At least 1.</summary>
    int DefaultParallelism { get; }

    /// <summary>Into how many partitions data is cut where the caller names no number. Must not change.</summary>
    PartitioningOptions Partitioning => DefaultPartitioning.Instance;

    /// <summary>A new RDD id, never given before by this context.</summary>
    RddId NewRddId();

    /// <summary>A new shuffle id, never given before by this context.</summary>
    ShuffleId NewShuffleId();

    /// <summary>Checks that a function can travel to the workers, and prepares large captured values for it.</summary>
    /// <exception cref="Closures.ClosureException">It captures something that cannot travel; the message names it with its path.</exception>
    void CheckClosure(Delegate function, CallSite callSite);

    /// <summary>Has the workers drop what they keep of an RDD that is not cached any more. The default is for contexts without workers, and does nothing.</summary>
    /// <returns>Completes when all that can be reached have done so. Fails only if it is cancelled.</returns>
    Task DropCachedAsync(RddId rdd, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Computes partitions on the workers and yields their elements in the order asked for, each as soon as all before it are there.</summary>
    /// <param name="partitions">Indexes of partitions of <paramref name="rdd"/>, without repetition; <see langword="null"/> means all, ascending.</param>
    /// <param name="cancellationToken">Cancels the job: its tasks stop and their slots are free within a second. Leaving the enumeration early does the same.</param>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good; the user's exception is the inner one.</exception>
    IAsyncEnumerable<PartitionResult<T>> RunJobAsync<T>(Rdd<T> rdd, IReadOnlyList<int>? partitions, JobOptions options, CancellationToken cancellationToken);
}

/// <summary>How one job is run.</summary>
/// <param name="CallSite">The action.</param>
/// <param name="MaxConcurrentPartitions">
/// Most result partitions that are computed or kept before the caller has taken them; 0 means no limit. A streaming action sets it, for back-pressure.
/// </param>
public readonly record struct JobOptions(CallSite CallSite, int MaxConcurrentPartitions = 0)
{
    /// <summary>
    /// The pool that the job takes its slots from; <see langword="null"/> means the pool <c>default</c>. Counts if <see cref="Configuration.SchedulerOptions.Mode"/> is fair.
    /// </summary>
    public string? Pool { get; init; }
}

/// <summary>The elements of one computed partition.</summary>
public abstract class PartitionResult<T>
{
    /// <summary>Which partition, from 0.</summary>
    public abstract int PartitionIndex { get; }

    /// <summary>Adds all elements to a list, in order, if they are in this process already. A caller that wants all of them then needs not wait.</summary>
    /// <returns><see langword="false"/> if they are not: nothing was added, and <see cref="ReadAsync"/> gets them.</returns>
    /// <exception cref="InvalidDataException">The elements are damaged.</exception>
    public virtual bool TryAddTo(List<T> elements) => false;

    /// <summary>Streams the elements in order. A large result is read from its worker while it is enumerated; it can be read once.</summary>
    public abstract IAsyncEnumerable<ReadOnlyMemory<T>> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>The options of contexts that have none.</summary>
internal static class DefaultPartitioning
{
    public static PartitioningOptions Instance { get; } = new();
}
