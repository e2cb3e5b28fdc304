using System.Collections.Concurrent;
using Dpark.Broadcasting;
using Dpark.Storage;
using Dpark.Storage.Transfer;

namespace Dpark.Driver;

/// <summary>Publishes programs, assemblies and broadcast values under their names, each once, so that workers find them. Thread-safe.</summary>
/// <remarks>Small content travels inside the grain that knows it. Large content is stored as a block of one or two workers, from which the others take it; above 4 MiB, each piece of it.</remarks>
internal sealed class ContentPublisher(IClusterClient client, DriverSettings settings, WorkerFleet workers, BlockClient blocks, RepeatedCall calls, TimeProvider timeProvider)
{
    private const int MaxCopies = 2;
    private const int MaxTells = 5;

    private static readonly TimeSpan TellDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StoreDelay = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, Task> _published = new(StringComparer.Ordinal);
    private int _nextWorker;

    /// <summary>Publishes content. Completes when workers can find it; many callers with one name wait for one publication.</summary>
    /// <param name="read">Gets the bytes; called if it is not published yet.</param>
    /// <param name="again">Publish it even if that was done before.</param>
    /// <exception cref="IOException">No worker could store it.</exception>
    public Task PublishAsync(string name, Func<ReadOnlyMemory<byte>> read, bool again, CancellationToken cancellationToken)
    {
        if (!again && _published.TryGetValue(name, out var known) && !known.IsFaulted && !known.IsCanceled)
        {
            return known;
        }

        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _published[name] = completion.Task;
        return RunAsync(name, read, completion, cancellationToken);
    }

    /// <summary>Whether content was published, or is being published, and not forgotten since.</summary>
    public bool IsPublished(string name) => _published.ContainsKey(name);

    /// <summary>Has content published again when it is needed next, because workers could not get it.</summary>
    public void Forget(string name) => _published.TryRemove(name, out _);

    /// <summary>Forgets content, here and in the cluster. Copies on workers go with the application.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        _published.TryRemove(name, out _);
        await GrainOf(name).RemoveAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forgets everything: otherwise the grains keep their content until they have been idle for long.</summary>
    public Task RemoveAllAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_published.Keys.Select(name => RemoveAsync(name, cancellationToken)));

    private async Task RunAsync(string name, Func<ReadOnlyMemory<byte>> read, TaskCompletionSource completion, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = read();
            if (bytes.Length <= BroadcastContent.MaxInlineBytes)
            {
                await TellAsync(name, new BroadcastContent(bytes.Length, bytes.ToArray(), []), cancellationToken).ConfigureAwait(false);
            }
            else
            {
                var sums = BroadcastPieces.Sum(bytes.Span);
                var holders = sums.Length == 0
                    ? await StoreAsync(name, bytes, cancellationToken).ConfigureAwait(false)
                    : await StorePiecesAsync(name, bytes, sums.Length, cancellationToken).ConfigureAwait(false);
                await TellAsync(name, new BroadcastContent(bytes.Length, null, holders) { PieceChecksums = sums }, cancellationToken).ConfigureAwait(false);
            }

            completion.SetResult();
        }
        catch (Exception e)
        {
            completion.SetException(e);

            // Those who wait for the same content see it; nobody else may.
            _ = completion.Task.Exception;
            throw;
        }
    }

    /// <summary>A call whose request or reply is lost says nothing about the content, and telling the grain twice does no harm.</summary>
    private Task TellAsync(string name, BroadcastContent content, CancellationToken cancellationToken) =>
        calls.RunAsync(() => GrainOf(name).PublishAsync(content, cancellationToken), MaxTells, TellDelay, cancellationToken);

    /// <summary>Stores a block on workers. As long as none of them can be reached they may all be dead, which the cluster finds out after a while.</summary>
    private async Task<BroadcastHolder[]> StoreAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var block = new BlockId(settings.Application, name);
        var start = timeProvider.GetTimestamp();
        while (true)
        {
            var candidates = await workers.WaitForAnyAsync(cancellationToken).ConfigureAwait(false);
            var (holders, troubles) = await TryStoreAsync(candidates, block, bytes, cancellationToken).ConfigureAwait(false);
            if (holders.Count > 0)
            {
                return [.. holders];
            }

            var areUnreachable = troubles.TrueForAll(trouble => trouble is ConnectionFailedException or NoAnswerException or OtherWorkerException);
            if (!areUnreachable || !calls.IsWithinLimit(start))
            {
                throw new IOException(
                    $"{block} of {bytes.Length} bytes could not be stored on any of {candidates.Count} workers. The last one: {troubles[^1].Message}", troubles[^1]);
            }

            await Task.Delay(StoreDelay, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(List<BroadcastHolder> Holders, List<IOException> Troubles)> TryStoreAsync(
        IReadOnlyList<Workers.WorkerInfo> candidates, BlockId block, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        List<BroadcastHolder> holders = [];
        List<IOException> troubles = [];
        var first = (uint)Interlocked.Increment(ref _nextWorker);
        for (var i = 0; i < candidates.Count && holders.Count < MaxCopies; i++)
        {
            var worker = candidates[(int)((first + (uint)i) % (uint)candidates.Count)];
            try
            {
                await blocks.PutAsync(worker.Id, worker.BlockEndpoint, block, bytes, cancellationToken).ConfigureAwait(false);
                holders.Add(new BroadcastHolder(worker.Id, worker.BlockEndpoint));
            }
            catch (IOException e)
            {
                troubles.Add(e);
            }
        }

        return (holders, troubles);
    }

    // Each piece to other workers than the one before, so that all of them can give something from the start.
    private async Task<BroadcastHolder[]> StorePiecesAsync(string name, ReadOnlyMemory<byte> bytes, int count, CancellationToken cancellationToken)
    {
        Dictionary<Workers.WorkerId, BroadcastHolder> holders = [];
        for (var i = 0; i < count; i++)
        {
            foreach (var holder in await StoreAsync(BroadcastPieces.NameOf(name, i), bytes[BroadcastPieces.RangeOf(bytes.Length, i)], cancellationToken).ConfigureAwait(false))
            {
                if (!holders.TryGetValue(holder.Worker, out var known))
                {
                    known = holder with { Pieces = BroadcastPieces.NewSet(count) };
                    holders.Add(holder.Worker, known);
                }

                BroadcastPieces.Add(known.Pieces!, i);
            }
        }

        return [.. holders.Values];
    }

    private IBroadcastGrain GrainOf(string name) => client.GetGrain<IBroadcastGrain>(BroadcastNames.KeyOf(settings.Application, name));
}
