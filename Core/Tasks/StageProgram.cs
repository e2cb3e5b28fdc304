using Dpark.Rdds;

namespace Dpark.Tasks;

/// <summary>What every task of one stage runs: the lineage and its closures. Serialized once per stage and addressed by the hash of its bytes.</summary>
/// <remarks>Each attempt runs its own deserialized copy, so user code never shares captured state with another attempt or with the driver.</remarks>
public abstract class StageProgram
{
    /// <summary>Computes one partition.</summary>
    /// <remarks>Runs on a thread of the executor. Checks <see cref="TaskContext.CancellationToken"/> at least once per batch.</remarks>
    public abstract TaskOutput Run(Partition partition, TaskContext context);
}

/// <summary>What a finished task hands to the driver.</summary>
public abstract record TaskOutput;

/// <summary>The elements of a result partition, encoded by <see cref="Codecs.RecordBlock"/>.</summary>
/// <param name="Records">A record block. Large ones are kept as a block of the worker, and the driver streams them.</param>
/// <param name="RecordCount">Elements in it.</param>
public sealed record ResultOutput(ReadOnlyMemory<byte> Records, long RecordCount) : TaskOutput;

/// <summary>The map output that a shuffle map task committed.</summary>
public sealed record ShuffleMapOutput(Shuffle.MapOutput Output) : TaskOutput;
