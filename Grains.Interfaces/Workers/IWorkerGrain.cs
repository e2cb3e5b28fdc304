using Dpark.Applications;
using Dpark.Broadcasting;
using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Tasks;
using Orleans.Concurrency;

namespace Dpark.Workers;

/// <summary>Fronts one worker: its executor, outbox and stores. Keyed by <see cref="WorkerId"/> and placed on that silo; a call to a silo that is gone fails.</summary>
/// <remarks>
/// Nothing is owned by the activation: executor and stores are singletons of the silo. Commands carry the epoch of the application's driver, and an older one than
/// seen before is refused.
/// </remarks>
[Alias("dpark.IWorkerGrain")]
public interface IWorkerGrain : IGrainWithStringKey
{
    /// <summary>
    /// Starts attempts, each by a task grain on this silo, and returns when all are queued. Sending a batch twice starts each attempt once.
    /// </summary>
    /// <returns>Attempts that were refused, because the application has ended, the epoch is old, or the worker stops. Empty: all are queued.</returns>
    [Alias("Launch"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task<TaskAttemptId[]> LaunchAsync(TaskBatch batch, CancellationToken cancellationToken);

    /// <summary>Stops attempts; each reports its end in the outbox. Unknown ones are ignored.</summary>
    /// <returns><see langword="false"/> if the epoch is older than one seen before.</returns>
    [Alias("Cancel"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task<bool> CancelAsync(AppId application, long epoch, TaskAttemptId[] attempts, CancellationToken cancellationToken);

    /// <summary>
    /// Acknowledges every report up to the cursor and returns the newer ones: at once if there are any, else as soon as one comes, at the latest after
    /// <paramref name="maxWait"/>. A newer poll of the application ends this one with an empty batch.
    /// </summary>
    /// <param name="maxWait">From 0 to 6 s: a driver outside the cluster learns of a dead silo by the timeout of this call only.</param>
    [Alias("Poll"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task<OutboxBatch> PollAsync(AppId application, OutboxCursor after, TimeSpan maxWait, CancellationToken cancellationToken);

    /// <summary>Deletes the map outputs of a shuffle. Tasks that are reading them go on.</summary>
    [Alias("DeleteShuffle"), AlwaysInterleave]
    Task DeleteShuffleAsync(ShuffleId shuffle, CancellationToken cancellationToken);

    /// <summary>Drops the cached partitions of an RDD.</summary>
    [Alias("DropRdd"), AlwaysInterleave]
    Task DropRddAsync(AppId application, RddId rdd, CancellationToken cancellationToken);

    /// <summary>Deletes the copy of a broadcast value. Tasks that have it go on.</summary>
    /// <param name="pieceCount">Pieces that it was cut into; 0 if it was not.</param>
    [Alias("DropBroadcast"), AlwaysInterleave]
    Task DropBroadcastAsync(AppId application, BroadcastId broadcast, int pieceCount, CancellationToken cancellationToken);

    /// <summary>Copies a cached partition from another worker, and holds it until it is dropped or room is needed. Harmless the second time.</summary>
    /// <remarks>A task waits for it. A copy that takes longer than the call may is completed all the same, but nobody is told of it.</remarks>
    /// <returns><see langword="null"/> if it is held now, else why not.</returns>
    [Alias("CopyCached"), AlwaysInterleave, ResponseTimeout("00:01:00")]
    Task<string?> CopyCachedAsync(CacheCopy copy, CancellationToken cancellationToken);

    /// <summary>The cached partitions of an application, in no particular order.</summary>
    [Alias("ListCached"), AlwaysInterleave]
    Task<CachedPartition[]> ListCachedAsync(AppId application, CancellationToken cancellationToken);

    /// <summary>Stops the attempts of an application, deletes everything of it on this worker, and refuses more for good.</summary>
    [Alias("EndApplication"), AlwaysInterleave]
    Task EndApplicationAsync(AppId application, CancellationToken cancellationToken);

    /// <summary>
    /// Starts another process beside this worker, whose worker joins the cluster as a stand-in, and waits until it has joined. It ends with the last application that has asked for it.
    /// Harmless the second time: there is one at most.
    /// </summary>
    /// <returns><see langword="null"/> if it runs, else why there is none; a clause without a full stop.</returns>
    [Alias("StartStandIn"), AlwaysInterleave, ResponseTimeout("00:01:00")]
    Task<string?> StartStandInAsync(AppId application, CancellationToken cancellationToken);

    /// <summary>What the worker does now. The cheapest call: it says that the worker can be reached.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<WorkerStatus> GetStatusAsync(CancellationToken cancellationToken);
}
