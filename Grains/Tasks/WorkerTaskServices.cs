using System.Globalization;
using Dpark.Applications;
using Dpark.Broadcasting;
using Dpark.Caching;
using Dpark.Closures;
using Dpark.Memory;
using Dpark.Shuffle;
using Dpark.Storage;
using Dpark.Workers;

namespace Dpark.Tasks;

/// <summary>What the tasks of one worker use beside their programs. Thread-safe.</summary>
/// <param name="endpoint">Where this worker's block server can be reached.</param>
internal sealed class WorkerTaskServices(
    WorkerId worker, string endpoint, IBlockStore blocks, IShuffleStore shuffle, IPartitionCache cache, IBroadcastSource broadcasts, WorkerMemory memory) : ITaskServices
{
    private readonly ClosureSerializer _serializer = new();

    /// <inheritdoc/>
    public IShuffleStore Shuffle => shuffle;

    /// <inheritdoc/>
    public IPartitionCache Cache => cache;

    /// <inheritdoc/>
    public IBroadcastSource Broadcasts => broadcasts;

    /// <inheritdoc/>
    public WorkerMemory Memory => memory;

    /// <inheritdoc/>
    public BlockLocation StoreResult(TaskAttemptId attempt, ReadOnlyMemory<byte> records)
    {
        var name = string.Create(
            CultureInfo.InvariantCulture, $"result-{attempt.StageId}.{attempt.StageAttempt}-{attempt.PartitionIndex}.{attempt.Attempt}");
        var block = new BlockId(attempt.Application, name);
        blocks.Put(block, records);
        return new(block, worker, endpoint, records.Length);
    }

    /// <inheritdoc/>
    public byte[]? TryEncodeException(AppId application, Exception exception) =>
        _serializer.TrySerialize(exception, out var closure) ? closure.Bytes : null;
}
