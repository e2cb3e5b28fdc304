using Dpark.Accumulators;
using Dpark.Broadcasting;
using Dpark.Caching;
using Dpark.Memory;
using Dpark.Shuffle;
using Dpark.Workers;

namespace Dpark.Tasks;

/// <summary>What a running attempt knows and may use. One per attempt; used by the attempt's thread only, except for the token and the counters.</summary>
public sealed class TaskContext
{
    [ThreadStatic]
    private static TaskContext? s_current;

    private List<string>? _warnings;
    private AttemptTotals? _totals;
    private List<KeptPartition>? _keptPartitions;

    /// <summary>The attempt that runs on this thread; <see langword="null"/> outside tasks.</summary>
    public static TaskContext? Current
    {
        get => s_current;
        internal set => s_current = value;
    }

    /// <summary>Names the attempt.</summary>
    public required TaskAttemptId Attempt { get; init; }

    /// <summary>The worker that runs it.</summary>
    public required WorkerId Worker { get; init; }

    /// <summary>Fires when the job is cancelled, the attempt is no longer wanted, or the worker stops.</summary>
    public required CancellationToken CancellationToken { get; init; }

    /// <summary>Reads and writes shuffles on this worker.</summary>
    public required IShuffleStore Shuffle { get; init; }

    /// <summary>The cached partitions of this worker.</summary>
    public required IPartitionCache Cache { get; init; }

    /// <summary>Finds broadcast values on this worker or fetches them.</summary>
    public required IBroadcastSource Broadcasts { get; init; }

    /// <summary>Where cached partitions are, as far as the driver knows.</summary>
    public CacheHints CacheHints { get; init; } = CacheHints.None;

    /// <summary>What the attempt may hold of its worker's memory. Default: no limit.</summary>
    public TaskMemory Memory { get => field ??= TaskMemory.Unlimited(Attempt); init; }

    /// <summary>The map outputs this attempt may use are at least this new; see <see cref="IShuffleStore"/>.</summary>
    public long MapOutputEpoch { get; init; }

    /// <summary>
    /// The operator whose code runs now, or ran last: once per batch, each operator names itself after it has pulled its input. Read when an attempt fails,
    /// so that the failure names the line of the user's program. The default value before the first batch.
    /// </summary>
    public Rdds.CallSite RunningOperator { get; set; }

    /// <summary>What the attempt did so far. Reported with its completion.</summary>
    public TaskMetrics Metrics { get; } = new();

    /// <summary>Things the user should know that do not fail the task, such as input that is not valid UTF-8. Reported once per text per job.</summary>
    public IList<string> Warnings => _warnings ??= [];

    /// <summary>What the attempt adds to accumulators.</summary>
    internal AttemptTotals Totals => _totals ??= new();

    /// <summary>What the attempt has left in caches.</summary>
    internal IList<KeptPartition> KeptPartitions => _keptPartitions ??= [];

    /// <summary>The kept partitions as they are reported.</summary>
    internal KeptPartition[] ListKept() => _keptPartitions is null ? [] : [.. _keptPartitions];

    /// <summary>The updates of accumulators as they are reported.</summary>
    internal AccumulatorUpdate[] ListUpdates() => _totals is null ? [] : _totals.Encode();

    /// <summary>The warnings as they are reported.</summary>
    internal string[] ListWarnings() => _warnings is null ? [] : [.. _warnings];
}
