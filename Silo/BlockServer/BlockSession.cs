using System.Buffers;
using System.Security.Cryptography;
using Dpark.Caching;
using Dpark.Configuration;
using Dpark.Security;
using Dpark.Shuffle;
using Dpark.Storage.Transfer;
using Dpark.Workers;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Storage;

/// <summary>One connection of a block server: finds out whether the peer knows the secret, then answers its requests one after the other.</summary>
internal sealed class BlockSession(
    BlockConnection connection,
    WorkerId worker,
    IBlockStore blocks,
    MapOutputFiles mapOutputs,
    Func<ICachedPartitionSource?> cached,
    ReadOnlyMemory<byte> secret,
    BlockServerOptions options,
    ClusterTls? tls) : IDisposable
{
    // Larger blocks are stored as they arrive, on a thread of their own.
    private const int MaxPutInMemory = 4 << 20;
    private const int DrainBytes = 64 << 10;

    private readonly byte[] _header = new byte[BlockProtocol.RequestHeaderLength];
    private readonly Lock _lock = new();
    private bool _isStopping;
    private bool _isWaiting;

    /// <summary>Answers requests until the peer closes the connection, is silent for too long, or the server stops.</summary>
    /// <returns>Why the peer was turned away; <see langword="null"/> if it was not.</returns>
    public async Task<string?> RunAsync()
    {
        connection.SetDeadline(options.PeerTimeout);
        if (tls is not null && await connection.SecureAsync(tls, server: null, blocking: false, CancellationToken.None).ConfigureAwait(false) is { } fault)
        {
            return $"The connection could not be secured: {fault}. All of a cluster use TLS (Dpark:Security:Tls), or none.";
        }

        if (await AuthenticateAsync().ConfigureAwait(false) is { } refusal)
        {
            return refusal;
        }

        connection.ClearDeadline();
        while (await TryReceiveHeaderAsync().ConfigureAwait(false))
        {
            if (await ServeAsync().ConfigureAwait(false) is { } nonsense)
            {
                return nonsense;
            }
        }

        return null;
    }

    /// <summary>Ends the session after the request that it serves, at once if there is none.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _isStopping = true;
            if (_isWaiting)
            {
                connection.Abort();
            }
        }
    }

    /// <summary>Ends the session at once.</summary>
    public void Dispose() => connection.Dispose();

    private async ValueTask<string?> AuthenticateAsync()
    {
        var hello = new byte[Handshake.HelloLength];
        await connection.ReceiveExactlyAsync(hello.AsMemory(0, Handshake.Mark.Length), blocking: false, CancellationToken.None).ConfigureAwait(false);
        if (!hello.AsSpan().StartsWith(Handshake.Mark))
        {
            var first = Convert.ToHexString(hello.AsSpan(0, Handshake.Mark.Length));
            return await RefuseAsync($"Its first bytes are {first}, which no block client of this version sends.").ConfigureAwait(false);
        }

        await connection.ReceiveExactlyAsync(hello.AsMemory(Handshake.Mark.Length), blocking: false, CancellationToken.None).ConfigureAwait(false);
        var clientNonce = hello.AsMemory(Handshake.Mark.Length);
        var serverNonce = RandomNumberGenerator.GetBytes(Handshake.NonceLength);
        await SendGreetingAsync(serverNonce).ConfigureAwait(false);
        var proof = new byte[Handshake.ProofLength];
        await connection.ReceiveExactlyAsync(proof, blocking: false, CancellationToken.None).ConfigureAwait(false);
        if (!Handshake.IsEqual(proof, Handshake.ClientProof(secret.Span, clientNonce.Span, serverNonce)))
        {
            return await RefuseAsync("It does not know the cluster's secret. Give client and worker the same one.").ConfigureAwait(false);
        }

        await SendGreetingAsync(Handshake.ServerProof(secret.Span, clientNonce.Span, serverNonce)).ConfigureAwait(false);
        return null;
    }

    private ValueTask SendGreetingAsync(ReadOnlySpan<byte> bytes)
    {
        var answer = new byte[BlockProtocol.AnswerHeaderLength + bytes.Length];
        BlockProtocol.WriteAnswerHeader(answer, AnswerStatus.Ok, bytes.Length);
        bytes.CopyTo(answer.AsSpan(BlockProtocol.AnswerHeaderLength));
        return connection.SendAsync(answer, blocking: false, CancellationToken.None);
    }

    private async ValueTask<string> RefuseAsync(string reason)
    {
        await connection.SendAsync(BlockProtocol.EncodeError(AnswerStatus.Refused, reason), blocking: false, CancellationToken.None).ConfigureAwait(false);
        return reason;
    }

    private async ValueTask<bool> TryReceiveHeaderAsync()
    {
        connection.Limit = options.IdleTimeout;
        lock (_lock)
        {
            if (_isStopping)
            {
                return false;
            }

            _isWaiting = true;
        }

        var count = await connection.ReceiveAsync(_header, blocking: false, CancellationToken.None).ConfigureAwait(false);
        lock (_lock)
        {
            _isWaiting = false;
        }

        if (count == 0)
        {
            return false;
        }

        connection.Limit = options.PeerTimeout;
        await connection.ReceiveExactlyAsync(_header.AsMemory(count), blocking: false, CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    // Returns why nothing that follows on this connection can be understood; null if it can be used further.
    private async ValueTask<string?> ServeAsync()
    {
        using var answer = new AnswerWriter(connection);
        var isFollowedByMore = true;
        string? nonsense = null;
        try
        {
            var (kind, length) = BlockProtocol.ReadRequestHeader(_header);
            isFollowedByMore = kind == RequestKind.PutBlock;
            using var body = MemoryPool<byte>.Shared.Rent(Math.Max(length, 1));
            await connection.ReceiveExactlyAsync(body.Memory[..length], blocking: false, CancellationToken.None).ConfigureAwait(false);
            await AnswerAsync(kind, body.Memory[..length], answer).ConfigureAwait(false);
        }
        catch (InvalidDataException failure)
        {
            await answer.WriteErrorAsync(AnswerStatus.BadRequest, failure.Message).ConfigureAwait(false);
            nonsense = isFollowedByMore ? failure.Message : null;
        }

        await answer.FlushAsync().ConfigureAwait(false);
        return nonsense;
    }

    private async ValueTask AnswerAsync(RequestKind kind, ReadOnlyMemory<byte> wholeBody, AnswerWriter answer)
    {
        if (!Enum.IsDefined(kind))
        {
            await answer.WriteErrorAsync(AnswerStatus.BadRequest, $"{(int)kind} is no kind of request. A newer client may have sent it.").ConfigureAwait(false);
            return;
        }

        var (asked, body) = RequestDecoder.ReadWorker(wholeBody);
        if (asked != worker)
        {
            await RefuseOtherAsync(kind, body, answer).ConfigureAwait(false);
            return;
        }

        switch (kind)
        {
            case RequestKind.ReadBlock:
                var (block, offset) = RequestDecoder.ReadBlock(kind, body.Span);
                await SendBlockAsync(block, offset, answer).ConfigureAwait(false);
                break;
            case RequestKind.PutBlock:
                var (stored, length) = RequestDecoder.ReadBlock(kind, body.Span);
                await PutAsync(stored, length, answer).ConfigureAwait(false);
                break;
            case RequestKind.DeleteBlock:
                var (deleted, _) = RequestDecoder.ReadBlock(kind, body.Span);
                await AnswerDeletedAsync(blocks.Delete(deleted), deleted, answer).ConfigureAwait(false);
                break;
            case RequestKind.ReadBuckets:
                var (request, first) = RequestDecoder.ReadBuckets(body.Span);
                await SendBucketsAsync(request, first, answer).ConfigureAwait(false);
                break;
            case RequestKind.ReadCached:
                var (segment, start) = RequestDecoder.ReadCached(body.Span);
                await SendCachedAsync(segment, start, answer).ConfigureAwait(false);
                break;
        }
    }

    private async ValueTask SendCachedAsync(CachedSegmentRequest request, long offset, AnswerWriter answer)
    {
        if (cached()?.TryRead(request) is not { } bytes)
        {
            await answer.WriteErrorAsync(
                AnswerStatus.NotFound, $"This worker does not hold {request.Key}, or not as it was read before: it was dropped, or computed again.").ConfigureAwait(false);
        }
        else if (offset > bytes.Length)
        {
            await answer.WriteErrorAsync(AnswerStatus.BadRequest, $"The segment of {request.Key} has {bytes.Length} bytes, and none at {offset}.").ConfigureAwait(false);
        }
        else
        {
            using var stream = new ReadOnlyMemoryStream(bytes.AsMemory((int)offset));
            await answer.WriteHeaderAsync(stream.Length).ConfigureAwait(false);
            await answer.WriteStreamAsync(stream, stream.Length).ConfigureAwait(false);
        }
    }

    private async ValueTask RefuseOtherAsync(RequestKind kind, ReadOnlyMemory<byte> body, AnswerWriter answer)
    {
        if (kind == RequestKind.PutBlock)
        {
            using var payload = new RequestPayload(connection, RequestDecoder.ReadBlock(kind, body.Span).Number);
            await DrainAsync(payload).ConfigureAwait(false);
        }

        await answer.WriteErrorAsync(AnswerStatus.OtherWorker, $"Worker {worker} has the address now.").ConfigureAwait(false);
    }

    // The client sends all of it before it reads the answer.
    private static async ValueTask DrainAsync(RequestPayload payload)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DrainBytes);
        await payload.DrainAsync(buffer).ConfigureAwait(false);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private async ValueTask SendBlockAsync(BlockId block, long offset, AnswerWriter answer)
    {
        Stream? stream;
        try
        {
            stream = blocks.TryOpen(block);
        }
        catch (IOException failure)
        {
            await answer.WriteErrorAsync(AnswerStatus.Failed, $"Block {block} cannot be opened: {failure.Message}").ConfigureAwait(false);
            return;
        }

        if (stream is null)
        {
            await NotFoundAsync(block, answer).ConfigureAwait(false);
            return;
        }

        using (stream)
        {
            var length = stream.Length - offset;
            if (length < 0)
            {
                await answer.WriteErrorAsync(AnswerStatus.BadRequest, $"Block {block} has {stream.Length} bytes, and none at {offset}.").ConfigureAwait(false);
                return;
            }

            await answer.WriteHeaderAsync(length).ConfigureAwait(false);
            stream.Position = offset;
            await answer.WriteStreamAsync(stream, length).ConfigureAwait(false);
        }
    }

    private static ValueTask AnswerDeletedAsync(bool isDeleted, BlockId block, AnswerWriter answer) =>
        isDeleted ? answer.WriteHeaderAsync(0) : NotFoundAsync(block, answer);

    private static ValueTask NotFoundAsync(BlockId block, AnswerWriter answer) =>
        answer.WriteErrorAsync(AnswerStatus.NotFound, $"Block {block} is not on this worker.");

    private async ValueTask SendBucketsAsync(BucketRequest request, long offset, AnswerWriter answer)
    {
        foreach (var (mapIndex, attempt) in request.Outputs)
        {
            if (!await TrySendBucketAsync(request, mapIndex, attempt, offset, answer).ConfigureAwait(false))
            {
                // The error ends the answer: the reader cannot use the buckets behind it.
                return;
            }

            offset = 0;
        }
    }

    private async ValueTask<bool> TrySendBucketAsync(BucketRequest request, int mapIndex, int attempt, long offset, AnswerWriter answer)
    {
        MapOutputSlice? slice = null;
        (AnswerStatus Status, string Text)? error = null;
        try
        {
            slice = mapOutputs.TryOpen(request.Shuffle, mapIndex, attempt, request.Buckets.First, request.Buckets.Count);
            if (slice is null)
            {
                error = (
                    AnswerStatus.NotFound, $"Map output {mapIndex} of {request.Shuffle}, written by attempt {attempt}, is not on this worker. It was deleted.");
            }
            else if (slice.Length < offset || (slice.File is { } opened && slice.Length > 0 && RandomAccess.GetLength(opened) < slice.Parts.Span[^1].End))
            {
                error = (
                    AnswerStatus.Failed,
                    $"Map output {mapIndex} of {request.Shuffle} has no {slice.Length} bytes in {request.Buckets}, or none at {offset} of them. " +
                    "Its file was cut short.");
            }
        }
        catch (ArgumentOutOfRangeException)
        {
            error = (AnswerStatus.BadRequest, $"Map output {mapIndex} of {request.Shuffle} has no {request.Buckets}.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            error = (AnswerStatus.Failed, $"Map output {mapIndex} of {request.Shuffle} cannot be opened: {failure.Message}");
        }

        using (slice)
        {
            if (error is { } found)
            {
                await answer.WriteErrorAsync(found.Status, found.Text).ConfigureAwait(false);
                return false;
            }

            await answer.WriteHeaderAsync(slice!.Length - offset).ConfigureAwait(false);
            if (slice.File is { } file)
            {
                await SendPartsAsync(file, slice.Parts, offset, answer).ConfigureAwait(false);
            }
            else
            {
                await answer.WriteMemoryAsync(slice.Bytes[(int)offset..]).ConfigureAwait(false);
            }

            return true;
        }
    }

    /// <param name="offset">Bytes of all parts that the peer has.</param>
    private static async ValueTask SendPartsAsync(SafeFileHandle file, ReadOnlyMemory<FilePart> parts, long offset, AnswerWriter answer)
    {
        for (var i = 0; i < parts.Length; i++)
        {
            var part = parts.Span[i];
            var skipped = Math.Min(offset, part.Length);
            offset -= skipped;
            await answer.WriteFileAsync(file, part.Offset + skipped, part.Length - skipped).ConfigureAwait(false);
        }
    }

    private async ValueTask PutAsync(BlockId block, long length, AnswerWriter answer)
    {
        using var payload = new RequestPayload(connection, length);
        if (await StoreAsync(block, payload).ConfigureAwait(false) is { } error)
        {
            await DrainAsync(payload).ConfigureAwait(false);
            await answer.WriteErrorAsync(error.Status, error.Text).ConfigureAwait(false);
        }
        else
        {
            await answer.WriteHeaderAsync(0).ConfigureAwait(false);
        }
    }

    private async ValueTask<(AnswerStatus Status, string Text)?> StoreAsync(BlockId block, RequestPayload payload)
    {
        try
        {
            if (payload.Length <= MaxPutInMemory)
            {
                var bytes = GC.AllocateUninitializedArray<byte>((int)payload.Length);
                await payload.DrainAsync(bytes).ConfigureAwait(false);
                blocks.Put(block, bytes);
            }
            else
            {
                await Task.Factory.StartNew(
                    () => blocks.Put(block, payload), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            }

            return null;
        }
        catch (ArgumentException failure)
        {
            return (AnswerStatus.BadRequest, failure.Message);
        }
        catch (Exception failure) when (failure is (IOException or UnauthorizedAccessException) and not ConnectionFailedException)
        {
            return (AnswerStatus.NoRoom, failure.Message);
        }
    }
}
