using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds;

/// <summary>How an RDD depends on a parent. Lives in the driver; a task never sees it.</summary>
public abstract class Dependency
{
    private protected Dependency()
    {
    }

    /// <summary>The RDD that is read.</summary>
    public abstract Rdd Parent { get; }
}

/// <summary>Partition <c>i</c> of the child reads a few known partitions of the parent, in the same task.</summary>
/// <param name="parent">The RDD that is read.</param>
/// <param name="parentPartitions">Which partitions of the parent a partition of the child reads, by index.</param>
public sealed class NarrowDependency(Rdd parent, Func<int, IReadOnlyList<int>> parentPartitions) : Dependency
{
    /// <inheritdoc/>
    public override Rdd Parent => parent;

    /// <summary>Which partitions of the parent partition <paramref name="partitionIndex"/> of the child reads. May be empty.</summary>
    public IReadOnlyList<int> ParentPartitions(int partitionIndex) => parentPartitions(partitionIndex);

    /// <summary>Partition <c>i</c> of the child reads partition <c>i</c> of the parent and nothing else.</summary>
    internal static NarrowDependency OneToOne(Rdd parent) => new(parent, static index => [index]);
}

/// <summary>Every partition of the child may read something of every partition of the parent: a stage ends here.</summary>
public abstract class ShuffleDependency : Dependency
{
    private protected ShuffleDependency(ShuffleId shuffle, Partitioner partitioner, CallSite callSite)
    {
        Shuffle = shuffle;
        Partitioner = partitioner;
        CallSite = callSite;
    }

    /// <summary>Names the shuffle.</summary>
    public ShuffleId Shuffle { get; }

    /// <summary>Chooses the partition of a key. What map tasks write may be cut finer: into neighbouring buckets that make a partition together.</summary>
    public Partitioner Partitioner { get; }

    /// <summary>The operator that needs the shuffle.</summary>
    public CallSite CallSite { get; }

    /// <summary>What a map task of this shuffle runs. Serialized once per stage.</summary>
    public abstract StageProgram CreateMapProgram();
}
