using Dpark.Storage;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Caching;

/// <summary>Reads cached partitions through the block servers of their workers, and has other workers copy those of this one. Used by the executor's threads. Thread-safe.</summary>
/// <param name="self">This worker.</param>
internal sealed partial class CachePeers(CachePeer self, BlockClient client, IGrainFactory grains, ILogger<CachePeers> logger) : ICachePeers
{
    /// <inheritdoc/>
    public async Task<CachedSegment> ReadAsync(CachePeer holder, CachedSegmentRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.ReadCachedAsync(holder, request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            LogNotRead(request.Key, holder.Worker, failure.Message);
            throw;
        }
    }

    /// <inheritdoc/>
    public string? TryCopy(CachePeer target, PartitionKey key, StorageLevel level, Guid content, CancellationToken cancellationToken)
    {
        string? reason;
        try
        {
            var call = grains.GetGrain<IWorkerGrain>(target.Worker.Value).CopyCachedAsync(new(key, level, content, self), cancellationToken);
            reason = call.WaitAsync(cancellationToken).GetAwaiter().GetResult();
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
#pragma warning disable CA1031 // A copy is a convenience; what is kept here is right without it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            reason = $"Worker {target.Worker} could not be told to copy it ({failure.GetType().Name}: {failure.Message}).";
        }

        if (reason is not null)
        {
            LogNotCopied(key, target.Worker, reason);
        }

        return reason;
    }

    [LoggerMessage(LogLevel.Information, "{Partition} could not be read from the cache of {Worker}: {Reason} Another holder is asked, or it is computed.")]
    private partial void LogNotRead(PartitionKey partition, WorkerId worker, string reason);

    [LoggerMessage(LogLevel.Information, "{Partition} was not copied to {Worker}: {Reason}")]
    private partial void LogNotCopied(PartitionKey partition, WorkerId worker, string reason);
}
