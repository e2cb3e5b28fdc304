using System.Buffers;
using System.Runtime.CompilerServices;
using Dpark.Caching;
using Dpark.Configuration;
using Dpark.Security;
using Dpark.Shuffle;
using Dpark.Storage.Transfer;
using Dpark.Workers;

namespace Dpark.Storage;

/// <summary>
/// Reads and writes blocks of other workers through their block servers, over pooled connections. Thread-safe. The synchronous calls block the calling thread
/// and are for task threads; the asynchronous ones are for drivers.
/// </summary>
/// <remarks>
/// A request whose connection breaks is tried again, for the bytes that are missing only. A server that refuses the secret, does not have the block or is silent
/// for <see cref="BlockClientOptions.PeerTimeout"/> is not asked again. Every request names the worker that it is for, so what another one, or a later life of the same
/// one, serves at the same address is never taken for its data. <c>docs/formats/block-protocol.md</c> states what is sent.
/// </remarks>
public sealed class BlockClient : IDisposable
{
    private const int PieceBytes = 128 << 10;

    private readonly ConnectionPool _pool;
    private readonly BlockClientOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Makes a client without connections.</summary>
    /// <param name="secret">The cluster's secret; empty in a local run. Never sent as it is.</param>
    /// <param name="time">Measures the limits. <see langword="null"/> takes the system's clock.</param>
    /// <param name="tls">Secures the connections; <see langword="null"/>: they are not secured. The caller's to dispose, after the client.</param>
    public BlockClient(ReadOnlyMemory<byte> secret, BlockClientOptions options, TimeProvider? time = null, ClusterTls? tls = null)
    {
        _options = options;
        _time = time ?? TimeProvider.System;
        _pool = new ConnectionPool(secret, options, _time, tls);
    }

    /// <summary>Opens a block for reading from its start. The stream can be read both ways and is disposed by the caller.</summary>
    /// <param name="cancellationToken">Also ends reads of the stream.</param>
    /// <exception cref="BlockNotFoundException">The worker does not have the block.</exception>
    /// <exception cref="IOException">
    /// The worker cannot be reached, refuses the secret, has a block of another length under that name, or sent something wrong; also while reading.
    /// </exception>
    public Stream Open(BlockLocation block, CancellationToken cancellationToken) =>
        Completed.Get(OpenAsync(block, blocking: true, cancellationToken));

    /// <inheritdoc cref="Open"/>
    public Task<Stream> OpenAsync(BlockLocation block, CancellationToken cancellationToken) =>
        OpenAsync(block, blocking: false, cancellationToken).AsTask();

    /// <summary>Reads a whole block into memory.</summary>
    /// <inheritdoc cref="Open"/>
    public byte[] Read(BlockLocation block, CancellationToken cancellationToken) =>
        Completed.Get(ReadAsync(block, blocking: true, cancellationToken));

    /// <inheritdoc cref="Read"/>
    public Task<byte[]> ReadAsync(BlockLocation block, CancellationToken cancellationToken) =>
        ReadAsync(block, blocking: false, cancellationToken).AsTask();

    /// <summary>Streams a block in pieces of up to 128 KiB. A piece is valid until the next one is asked for.</summary>
    /// <inheritdoc cref="Open"/>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> StreamAsync(BlockLocation block, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await AskAsync(block, blocking: false, cancellationToken).ConfigureAwait(false);
        var piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(answer.Length, PieceBytes));
        try
        {
            var room = piece.AsMemory(0, Math.Min(piece.Length, PieceBytes));
            while (await answer.ReadAsync(room, blocking: false, cancellationToken).ConfigureAwait(false) is var count and > 0)
            {
                yield return piece.AsMemory(0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Stores a block on a worker, replacing one of that name.</summary>
    /// <param name="endpoint">Host and port of the worker's block server.</param>
    /// <exception cref="IOException">The worker cannot be reached, is another one by now, refuses the name, or has no room.</exception>
    public void Put(WorkerId worker, string endpoint, BlockId block, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        Completed.Get(PutAsync(worker, endpoint, block, bytes, blocking: true, cancellationToken));

    /// <inheritdoc cref="Put"/>
    public Task PutAsync(WorkerId worker, string endpoint, BlockId block, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        PutAsync(worker, endpoint, block, bytes, blocking: false, cancellationToken).AsTask();

    /// <summary>Deletes a block of a worker.</summary>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="IOException">The worker cannot be reached, or is another one by now.</exception>
    public async Task<bool> DeleteAsync(WorkerId worker, string endpoint, BlockId block, CancellationToken cancellationToken)
    {
        using var answer = NewAnswer(endpoint, new OneBlockRequest(RequestKind.DeleteBlock, worker, block));
        try
        {
            await answer.NextAsync(blocking: false, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (BlockNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Closes all connections. Requests under way fail with <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose() => _pool.Dispose();

    /// <summary>Asks for buckets, without waiting for anything. Any failure comes from the first <see cref="RemoteBuckets.Next"/>.</summary>
    internal RemoteBuckets OpenBuckets(WorkerId worker, string endpoint, BucketRequest request, CancellationToken cancellationToken)
    {
        var answer = NewAnswer(endpoint, new BucketsRequest(worker, request));
        answer.Start(cancellationToken);
        return new RemoteBucketReader(answer, cancellationToken);
    }

    /// <summary>Reads a segment of a cached partition.</summary>
    /// <exception cref="IOException">The worker cannot be reached, or does not have it.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    internal async Task<CachedSegment> ReadCachedAsync(CachePeer holder, CachedSegmentRequest request, CancellationToken cancellationToken)
    {
        using var answer = NewAnswer(holder.Endpoint, new CachedRequest(holder.Worker, request));
        var length = await answer.NextAsync(blocking: false, cancellationToken).ConfigureAwait(false);
        if (length > Array.MaxLength)
        {
            throw new IOException($"The block server at {holder.Endpoint} has a segment of {length} bytes of {request.Key}, which fits into no array. It is not used.");
        }

        return CachedSegment.Decode(await ReadAllAsync(answer, blocking: false, cancellationToken).ConfigureAwait(false));
    }

    private async ValueTask<Stream> OpenAsync(BlockLocation block, bool blocking, CancellationToken cancellationToken) =>
        new BlockStream(await AskAsync(block, blocking, cancellationToken).ConfigureAwait(false), cancellationToken);

    private async ValueTask<byte[]> ReadAsync(BlockLocation block, bool blocking, CancellationToken cancellationToken)
    {
        if (block.Length > Array.MaxLength)
        {
            throw new IOException(
                $"Block {block.Block} of {block.Length} bytes does not fit into one array, which holds {Array.MaxLength}. Open it as a stream.");
        }

        using var answer = await AskAsync(block, blocking, cancellationToken).ConfigureAwait(false);
        return await ReadAllAsync(answer, blocking, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<byte[]> ReadAllAsync(AnswerReader answer, bool blocking, CancellationToken cancellationToken)
    {
        var bytes = GC.AllocateUninitializedArray<byte>((int)answer.Length);
        while (answer.Remaining > 0)
        {
            await answer.ReadAsync(bytes.AsMemory(bytes.Length - (int)answer.Remaining), blocking, cancellationToken).ConfigureAwait(false);
        }

        return bytes;
    }

    private async ValueTask<AnswerReader> AskAsync(BlockLocation block, bool blocking, CancellationToken cancellationToken)
    {
        var answer = NewAnswer(block.Endpoint, new OneBlockRequest(RequestKind.ReadBlock, block.Worker, block.Block));
        try
        {
            var length = await answer.NextAsync(blocking, cancellationToken).ConfigureAwait(false);
            return length == block.Length ? answer : throw new IOException(
                $"Block {block.Block} at {block.Endpoint} has {length} bytes instead of {block.Length}. " +
                "It was replaced since its place was told; ask for the place again.");
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private async ValueTask PutAsync(
        WorkerId worker, string endpoint, BlockId block, ReadOnlyMemory<byte> bytes, bool blocking, CancellationToken cancellationToken)
    {
        using var answer = NewAnswer(endpoint, new OneBlockRequest(RequestKind.PutBlock, worker, block, bytes));
        await answer.NextAsync(blocking, cancellationToken).ConfigureAwait(false);
    }

    private AnswerReader NewAnswer(string endpoint, BlockRequest request) => new(_pool, endpoint, request, _options, _time);
}
