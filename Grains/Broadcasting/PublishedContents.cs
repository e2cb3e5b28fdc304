using Dpark.Applications;
using Dpark.Memory;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.Text;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Broadcasting;

/// <summary>
/// Gets the bytes of what a driver has published: from this worker's own blocks, from the broadcast grain if they are few, else from a worker that has them, of
/// which this one is another then. Keeps nothing but blocks; callers keep what they make of the bytes. Used by the executor's threads. Thread-safe.
/// </summary>
/// <param name="endpoint">Where this worker's block server can be reached.</param>
/// <param name="grainOf">The grain of a key.</param>
/// <param name="arriving">Counts what is being fetched.</param>
internal sealed partial class PublishedContents(
    WorkerId worker,
    string endpoint,
    IBlockStore blocks,
    BlockClient client,
    Func<string, IBroadcastGrain> grainOf,
    MemoryHolder arriving,
    ILogger<PublishedContents> logger)
{
    // The second look finds workers that have fetched it while this one asked in vain.
    private const int MaxLooks = 2;

    private static readonly TimeSpan TellLimit = TimeSpan.FromSeconds(10);

    /// <summary>Counts contents that nobody has made anything of yet.</summary>
    public MemoryHolder Arriving => arriving;

    /// <summary>The bytes of a name.</summary>
    /// <param name="hash">Which they must have, as hex digits: 64 for SHA-256, 32 for the shorter one; <see langword="null"/> takes them as they are.</param>
    /// <exception cref="MissingInputException">Nobody has them.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public ReadOnlyMemory<byte> Fetch(AppId application, string name, string? hash, CancellationToken cancellationToken)
    {
        var block = new BlockId(application, name);
        if (ReadOwn(block, hash) is { } own)
        {
            return own;
        }

        var grain = grainOf(BroadcastNames.KeyOf(application, name));
        var reason = "";
        for (var look = 0; look < MaxLooks; look++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Locate(grain, name, cancellationToken) is not { } content)
            {
                throw new MissingInputException(name, "Nobody has published it, or the cluster has lost it.");
            }

            if (content.Inline is { } inline)
            {
                return Matches(inline, hash) ? inline : throw new MissingInputException(name, "What was published has another hash.");
            }

            arriving.Take(content.Length);
            try
            {
                arriving.Settle();
                var fetched = content.PieceChecksums.Length > 0
                    ? FetchPieces(grain, content, block, hash, ref reason, cancellationToken)
                    : FetchFrom(grain, content, block, hash, ref reason, cancellationToken);
                if (fetched is { } bytes)
                {
                    return bytes;
                }
            }
            finally
            {
                arriving.Return(content.Length);
            }
        }

        throw new MissingInputException(name, reason.Length > 0 ? reason : "No worker has its bytes any more.");
    }

    private static BroadcastContent? Locate(IBroadcastGrain grain, string name, CancellationToken cancellationToken)
    {
        try
        {
            return GrainCalls.Wait(() => grain.LocateAsync(cancellationToken));
        }
        catch (Exception e) when (GrainCalls.IsUndelivered(e))
        {
            throw new MissingInputException(name, $"Its grain could not be asked ({e.GetType().Name}: {e.Message}).");
        }
    }

    private ReadOnlyMemory<byte>? FetchFrom(
        IBroadcastGrain grain, BroadcastContent content, BlockId block, string? hash, ref string reason, CancellationToken cancellationToken)
    {
        // Workers that start at the same time must not all ask the same one.
        var first = content.Holders.Length > 1 ? (int)((uint)worker.Value.GetHashCode(StringComparison.Ordinal) % (uint)content.Holders.Length) : 0;
        for (var i = 0; i < content.Holders.Length; i++)
        {
            var holder = content.Holders[(first + i) % content.Holders.Length];
            if (holder.Worker == worker)
            {
                // It is not among the own blocks: the disk was cleaned.
                Tell(grain.RemoveHolderAsync, holder.Worker, block);
                continue;
            }

            try
            {
                var bytes = client.Read(new(block, holder.Worker, holder.Endpoint, content.Length), cancellationToken);
                if (bytes.Length == content.Length && Matches(bytes, hash))
                {
                    Keep(grain, block, bytes);
                    return bytes;
                }

                reason = $"What {holder.Worker} serves has {bytes.Length} of {content.Length} bytes, or another hash.";
            }
            catch (IOException e)
            {
                reason = e.Message;
            }

            LogHolderFailed(block, holder.Worker, reason);
            Tell(grain.RemoveHolderAsync, holder.Worker, block);
        }

        return null;
    }

    private ReadOnlyMemory<byte>? FetchPieces(
        IBroadcastGrain grain, BroadcastContent content, BlockId block, string? hash, ref string reason, CancellationToken cancellationToken)
    {
        var lastFailure = "";
        var fetch = new PieceFetch(
            worker,
            blocks,
            client,
            block,
            content,
            (holder, failure) =>
            {
                lastFailure = failure;
                LogHolderFailed(block, holder, failure);
                Tell(grain.RemoveHolderAsync, holder, block);
            },
            pieces => Tell(grain.AddHolderAsync, new BroadcastHolder(worker, endpoint) { Pieces = pieces }, block));
        var bytes = fetch.Run(() => Locate(grain, block.Name, cancellationToken), cancellationToken);
        if (bytes is not null && Matches(bytes, hash))
        {
            return bytes;
        }

        reason = bytes is null ? $"Pieces of it are on no worker that can be reached. {lastFailure}".TrimEnd() : "What its pieces make has another hash.";
        return null;
    }

    private ReadOnlyMemory<byte>? ReadOwn(BlockId block, string? hash)
    {
        try
        {
            using var stream = blocks.TryOpen(block);
            if (stream is null)
            {
                return null;
            }

            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return Matches(bytes, hash) ? bytes : null;
        }
        catch (IOException e)
        {
            LogOwnUnreadable(block, e.Message);
            return null;
        }
    }

    private void Keep(IBroadcastGrain grain, BlockId block, byte[] bytes)
    {
        try
        {
            blocks.Put(block, bytes);
        }
        catch (IOException e)
        {
            // The task has what it needs; only others cannot fetch it here.
            LogNotKept(block, e);
            return;
        }

        Tell(grain.AddHolderAsync, new BroadcastHolder(worker, endpoint), block);
    }

    /// <summary>Whether bytes have a hash; with none, all have.</summary>
    public static bool Matches(ReadOnlySpan<byte> bytes, string? hash) =>
        hash is null || ContentHash.Matches(bytes, hash);

    /// <summary>Tells the grain something that is good to know and that no task waits for.</summary>
    private async void Tell<T>(Func<T, CancellationToken, Task> tell, T what, BlockId block)
    {
        try
        {
            using var limit = new CancellationTokenSource(TellLimit);
            await tell(what, limit.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody waits for it, and nothing depends on it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotTold(block, e);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Block} could not be fetched from {Worker}: {Reason} Another holder is asked.")]
    private partial void LogHolderFailed(BlockId block, WorkerId worker, string reason);

    [LoggerMessage(LogLevel.Warning, "What this worker kept of {Block} cannot be read: {Reason} It is fetched again.")]
    private partial void LogOwnUnreadable(BlockId block, string reason);

    [LoggerMessage(LogLevel.Warning, "{Block} was fetched but could not be kept, so it is fetched again when it is needed again.")]
    private partial void LogNotKept(BlockId block, Exception failure);

    [LoggerMessage(LogLevel.Debug, "The grain of {Block} could not be told who holds it.")]
    private partial void LogNotTold(BlockId block, Exception failure);
}
