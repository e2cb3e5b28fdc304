using Dpark.Accumulators;
using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Storage;

namespace Dpark.Tasks;

/// <summary>Names a serialized <see cref="StageProgram"/> of one application by a hash of its bytes, as 32 lower-case hex digits; 64 digits are its SHA-256.</summary>
[GenerateSerializer, Immutable, Alias("dpark.StageProgramId")]
public readonly record struct StageProgramId([property: Id(0)] string Hash)
{
    /// <summary>The first 12 digits, enough for logs.</summary>
    public override string ToString() => Hash is { Length: > 12 } ? Hash[..12] : Hash ?? "";
}

/// <summary>Tells a worker to run one attempt. Sending it twice starts it once.</summary>
/// <param name="Program">What to run; the worker fetches it once and keeps it.</param>
/// <param name="Partition">The partition, serialized like a closure.</param>
/// <param name="MapOutputEpoch">The attempt must not use a list of map outputs older than this.</param>
[GenerateSerializer, Immutable, Alias("dpark.TaskLaunch")]
public sealed record TaskLaunch(
    [property: Id(0)] TaskAttemptId Attempt,
    [property: Id(1)] StageProgramId Program,
    [property: Id(2)] byte[] Partition,
    [property: Id(3)] long MapOutputEpoch)
{
    /// <summary>
    /// SHA-256 of the partition's bytes, as 64 lower-case hex digits, if they are too many for a message: <see cref="Partition"/> is empty then, and the worker fetches them.
    /// </summary>
    [Id(4)]
    public string? PartitionHash { get; init; }

    /// <summary>Where cached partitions are; <see langword="null"/> if the driver knows nothing of use.</summary>
    [Id(5)] public CacheHints? CacheHints { get; init; }

    /// <summary>The shuffle of which it makes a map output, if its worker is to remember that for attempts that may wait for it.</summary>
    [Id(6)] public ShuffleId? Makes { get; init; }

    /// <summary>What its worker must have made before it starts; <see langword="null"/> if it can start at once.</summary>
    [Id(7)] public AwaitedOutputs? Awaits { get; init; }
}

/// <summary>All map outputs of a shuffle, each made once, by the worker that is told to wait for them, and launched with <see cref="TaskLaunch.Makes"/>.</summary>
/// <param name="MapCount">At most <see cref="MaxMaps"/>.</param>
[GenerateSerializer, Immutable, Alias("dpark.AwaitedOutputs")]
public sealed record AwaitedOutputs([property: Id(0)] ShuffleId Shuffle, [property: Id(1)] int MapCount)
{
    /// <summary>Shuffles with more maps are not waited for, so that workers need not remember the outputs of large ones.</summary>
    public const int MaxMaps = 64;
}

/// <summary>How an attempt ended. The numbers travel; they never change.</summary>
[GenerateSerializer, Alias("dpark.TaskOutcome")]
public enum TaskOutcome
{
    /// <summary>It has a result or a map output.</summary>
    Succeeded = 0,

    /// <summary>User code or the worker threw. Counts against the limit of failures.</summary>
    Failed = 1,

    /// <summary>It was told to stop, or its worker is stopping. Does not count.</summary>
    Cancelled = 2,

    /// <summary>A map output could not be read. Does not count; that map runs again.</summary>
    FetchFailed = 3,

    /// <summary>The worker could not get the program, an assembly or a broadcast piece. Does not count; the driver stores it again.</summary>
    MissingInput = 4,
}

/// <summary>What one attempt reports to the driver, once.</summary>
/// <param name="Outcome">How it ended; says which of the other members are set.</param>
/// <param name="Result">Succeeded, small result: a record block.</param>
/// <param name="ResultBlock">Succeeded, large result: where to stream the record block from.</param>
/// <param name="ResultRecordCount">Succeeded: elements of the result.</param>
/// <param name="MapOutput">Succeeded map task: the committed output.</param>
/// <param name="Failure">Not succeeded: why.</param>
/// <param name="Warnings">Texts for the user; mostly empty.</param>
[GenerateSerializer, Immutable, Alias("dpark.TaskReport")]
public sealed record TaskReport(
    [property: Id(0)] TaskAttemptId Attempt,
    [property: Id(1)] TaskOutcome Outcome,
    [property: Id(2)] byte[]? Result,
    [property: Id(3)] BlockLocation? ResultBlock,
    [property: Id(4)] long ResultRecordCount,
    [property: Id(5)] MapOutput? MapOutput,
    [property: Id(6)] TaskFailure? Failure,
    [property: Id(7)] TaskMetrics Metrics,
    [property: Id(8)] string[] Warnings)
{
    /// <summary>Succeeded: what the attempt added to accumulators; mostly empty.</summary>
    [Id(9)] public AccumulatorUpdate[] Updates { get; init; } = [];

    /// <summary>Cancelled: its code has not stopped within the limit. It runs on; what it does is discarded, and it reports nothing more.</summary>
    [Id(10)] public bool StillRuns { get; init; }

    /// <summary>What the attempt has left in caches, however it ended; mostly empty.</summary>
    [Id(11)] public KeptPartition[] Kept { get; init; } = [];
}

/// <summary>Why an attempt did not succeed, as plain text, so that the driver needs none of the user's exception types.</summary>
/// <param name="ExceptionType">Full type name.</param>
/// <param name="StackTrace">As the worker saw it; may be empty.</param>
/// <param name="Inner">The inner exception.</param>
/// <param name="Shuffle">Of a fetch failure: the shuffle to repair.</param>
/// <param name="MapIndex">Of a fetch failure: the map to run again; -1 if the list of map outputs itself was not complete, which is then registered again.</param>
/// <param name="Worker">Of a fetch failure: the worker that should have served it.</param>
/// <param name="Exception">The exception itself, serialized like a closure, if it could be; the driver rethrows it as the inner exception.</param>
[GenerateSerializer, Immutable, Alias("dpark.TaskFailure")]
public sealed record TaskFailure(
    [property: Id(0)] string ExceptionType,
    [property: Id(1)] string Message,
    [property: Id(2)] string StackTrace,
    [property: Id(3)] TaskFailure? Inner,
    [property: Id(4)] ShuffleId? Shuffle,
    [property: Id(5)] int MapIndex,
    [property: Id(6)] Workers.WorkerId? Worker,
    [property: Id(7)] byte[]? Exception)
{
    /// <summary>The operator whose code ran when the attempt failed, if any had run; see <see cref="TaskContext.RunningOperator"/>.</summary>
    [Id(8)] public CallSite? Operator { get; init; }

    /// <summary>Memory was too short: the budget of the worker or its whole process had no more. The task is tried again where there is more.</summary>
    [Id(9)] public bool IsMemoryShort { get; init; }

    /// <summary>Of a fetch failure: the worker serves nothing, because it does not answer or another one answers in its place.</summary>
    [Id(11)] public bool IsWorkerGone { get; init; }

    /// <summary>Another attempt would do the same harm: the job fails at once.</summary>
    [Id(10)] public bool IsFinal { get; init; }
}
