using Dpark.Caching;
using Dpark.Partitioning;
using Dpark.Tasks;

namespace Dpark.Rdds;

/// <summary>A lazy, immutable, partitioned collection, without its element type: what planning needs to know.</summary>
/// <remarks>
/// The same object plans in the driver and computes in a task. What only the driver needs is <see cref="NonSerializedAttribute"/>:
/// context, dependencies, partition list. What a task needs is everything else, and travels by the closure serializer; the call site too, so that
/// a failure names the operator.
/// </remarks>
public abstract class Rdd
{
    [NonSerialized]
    private readonly IRddContext? _context;

    private readonly CallSite _callSite;

    [NonSerialized]
    private volatile bool _isLineagePrepared;

    [NonSerialized]
    private volatile bool _isMarkedNonDeterministic;

    private volatile StorageLevel _storageLevel;

    [NonSerialized]
    private SizedSources? _sizedSources;

    private protected Rdd(IRddContext context, CallSite callSite)
    {
        _context = context;
        _callSite = callSite;
        Id = context.NewRddId();
    }

    /// <summary>Names the RDD within its application.</summary>
    public RddId Id { get; }

    /// <summary>The driver that the RDD belongs to.</summary>
    /// <exception cref="InvalidOperationException">Asked for inside a task.</exception>
    public IRddContext Context => _context ?? throw new InvalidOperationException(
        $"{Id} was asked for its context inside a task. An RDD can be used only in the driver; collect or broadcast what the task needs.");

    /// <summary>The operator call that made it.</summary>
    public CallSite CallSite => _callSite;

    /// <summary>The pieces, by index. Computed once and kept; asking may read directories but never runs a job. Driver only.</summary>
    public abstract IReadOnlyList<Partition> Partitions { get; }

    /// <summary>What it is computed from. Empty for a source. Driver only.</summary>
    public abstract IReadOnlyList<Dependency> Dependencies { get; }

    /// <summary>
    /// How keys are spread over the partitions; <see langword="null"/> if unknown. A join whose large partitions were cut has none; asking one before its first job has it keep them whole.
    /// Driver only.
    /// </summary>
    public virtual Partitioner? Partitioner => null;

    /// <summary>Whether computed partitions are kept for later jobs.</summary>
    public StorageLevel StorageLevel
    {
        get => _storageLevel;
        private protected set => _storageLevel = value;
    }

    /// <summary>Hosts or workers near the data of a partition. Empty if it does not matter. Driver only.</summary>
    public virtual IReadOnlyList<string> PreferredLocations(Partition partition) => [];

    /// <summary>
    /// What it is computed from, for people: a line per RDD with its number of partitions, and why it has so many where sizes decide; a question mark where that is not known yet.
    /// Reads no directories, runs nothing, and decides nothing. Driver only.
    /// </summary>
    /// <example><code>Console.WriteLine(counts.ToDebugString());</code></example>
    public string ToDebugString() => Planning.PlanText.Of(this);

    /// <summary>Whether other elements come out when its input comes in another order.</summary>
    internal virtual bool IsOrderSensitive => false;

    /// <summary>Whether the user has said that computing it again may give other elements.</summary>
    internal bool IsMarkedNonDeterministic
    {
        get => _isMarkedNonDeterministic;
        private protected set => _isMarkedNonDeterministic = value;
    }

    /// <summary>
    /// The RDD that owns the list of partitions. A chain of one-to-one operators names its first RDD, so that asking the last of thousands of them
    /// does not walk through all.
    /// </summary>
    internal virtual Rdd PartitionOwner => this;

    /// <summary>The RDD that decides about the partitioner, as with <see cref="PartitionOwner"/>; <see langword="null"/> if there is none.</summary>
    internal virtual Rdd? PartitionerOwner => this;

    /// <summary>The partitioner as it is now, without deciding anything. It may be gone when it is asked for: see <see cref="IsKeptPartitionedBy"/>.</summary>
    internal virtual Partitioner? PossiblePartitioner => Partitioner;

    /// <summary>Whether everything that must be known before planning is known, for this RDD alone. Once <see langword="true"/>, it stays so.</summary>
    internal virtual bool IsPrepared => true;

    /// <summary>Whether this RDD and all that it is computed from are prepared; set by <see cref="Lineage.PrepareAsync"/>.</summary>
    internal bool IsLineagePrepared
    {
        get => _isLineagePrepared;
        set => _isLineagePrepared = value;
    }

    /// <summary>Whether it is a source that knows how many bytes it reads.</summary>
    internal virtual bool HasInputBytes => false;

    /// <summary>The sources that it is computed from; <see langword="null"/> if nobody has asked yet.</summary>
    internal SizedSources? SizedSources
    {
        get => Volatile.Read(ref _sizedSources);
        set => Volatile.Write(ref _sizedSources, value);
    }

    /// <summary>What <see cref="ToDebugString"/> says about its partitions beside their number; <see langword="null"/> for nothing.</summary>
    internal virtual string? PartitionsNote => null;

    /// <summary>The number of its partitions; <see langword="null"/> if finding out would read directories or decide something.</summary>
    internal virtual int? KnownPartitionCount => PartitionOwner == this ? Partitions.Count : PartitionOwner.KnownPartitionCount;

    /// <summary>The bytes that a source reads, as they are stored. Its files need not have been looked for; what is found here, a job may find otherwise.</summary>
    /// <returns><see langword="null"/> if they are not known.</returns>
    internal virtual long? FindInputBytes() => null;

    /// <summary>Partitions of which a task reads a few places instead of everything, one for each of <see cref="Partitions"/>. Driver only.</summary>
    /// <param name="placeCount">Places of each partition. Partitions of little more than that are read whole.</param>
    /// <returns>
    /// <see langword="null"/> where only whole partitions tell what the elements are: because of an operator that sees more than one element, because it is cached, or because of
    /// what it is read from.
    /// </returns>
    internal virtual Partition[]? FindSample(int placeCount) => null;

    /// <summary>Whether keys are spread by a partitioner, and will be: an operator that needs no shuffle for that is built on it.</summary>
    internal bool IsKeptPartitionedBy(Partitioner partitioner) => partitioner.Equals(PossiblePartitioner) && partitioner.Equals(Partitioner);

    /// <summary>Runs the jobs whose results planning needs, such as the sampling of a sort. Called with a prepared lineage; may be called again after a failure.</summary>
    internal virtual Task PrepareAsync(CallSite action, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What a task of the last stage of a job runs: computes a partition and gives its elements to the driver.</summary>
    public abstract StageProgram CreateResultProgram();
}
