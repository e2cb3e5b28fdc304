using System.Buffers.Binary;
using System.Text;
using Dpark.Applications;
using Dpark.Caching;
using Dpark.Codecs;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Workers;

namespace Dpark.Storage.Transfer;

/// <summary>
/// What a client asks a block server for: one or more bodies, in order. Can be asked again from any place, so that a broken connection does not end it.
/// </summary>
/// <param name="worker">Who shall answer. Another worker at the endpoint, such as a later life of it, refuses.</param>
internal abstract class BlockRequest(WorkerId worker)
{
    /// <summary>Bodies of the whole answer. At least 1.</summary>
    public virtual int BodyCount => 1;

    /// <summary>Bytes that follow the request, such as the block that is stored.</summary>
    public virtual ReadOnlyMemory<byte> Payload => default;

    /// <summary>Writes header and body of the request for what is left.</summary>
    /// <param name="firstBody">The first body to send.</param>
    /// <param name="offset">Bytes to leave out of it.</param>
    /// <returns>The first body that it does not ask for, because it would become too long.</returns>
    public abstract int Encode(int firstBody, long offset, RecordBuffer output);

    /// <summary>The error for what the server does not have.</summary>
    /// <param name="text">What it says.</param>
    public virtual IOException NotFound(string endpoint, string text) => new($"The block server at {endpoint} says: {text}");

    /// <summary>The error for what another worker was asked for.</summary>
    /// <param name="text">What it says.</param>
    public OtherWorkerException OtherWorker(string endpoint, string text) => new(worker, endpoint, text);

    /// <summary>Leaves room for the header, and appends who shall answer.</summary>
    protected void Begin(RecordBuffer output)
    {
        output.Append((long)BlockProtocol.RequestHeaderLength);
        AppendText(worker.Value, output);
    }

    /// <summary>Fills in the header of a request that starts the buffer.</summary>
    protected static void Complete(RequestKind kind, RecordBuffer output) =>
        BlockProtocol.WriteRequestHeader(output.Written(0, BlockProtocol.RequestHeaderLength), kind, output.Length - BlockProtocol.RequestHeaderLength);

    /// <summary>Appends a text: its length as 2 bytes, then UTF-8.</summary>
    /// <exception cref="ArgumentException">It is too long for a name.</exception>
    protected static void AppendText(string text, RecordBuffer output)
    {
        ArgumentNullException.ThrowIfNull(text);
        var length = Encoding.UTF8.GetByteCount(text);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, ushort.MaxValue, nameof(text));
        BinaryPrimitives.WriteUInt16LittleEndian(output.Append(2), (ushort)length);
        Encoding.UTF8.GetBytes(text, output.Append(length));
    }
}

/// <summary>A request about one block.</summary>
internal sealed class OneBlockRequest(RequestKind kind, WorkerId worker, BlockId block, ReadOnlyMemory<byte> payload = default) : BlockRequest(worker)
{
    public override ReadOnlyMemory<byte> Payload => payload;

    public override int Encode(int firstBody, long offset, RecordBuffer output)
    {
        Begin(output);
        AppendText(block.Application.Value, output);
        AppendText(block.Name, output);
        if (kind != RequestKind.DeleteBlock)
        {
            BinaryPrimitives.WriteInt64LittleEndian(output.Append(8), kind == RequestKind.PutBlock ? payload.Length : offset);
        }

        Complete(kind, output);
        return 1;
    }

    public override IOException NotFound(string endpoint, string text) => new BlockNotFoundException(block, endpoint);
}

/// <summary>A request for one bucket, or several neighbours, of each of several map outputs.</summary>
internal sealed class BucketsRequest(WorkerId worker, BucketRequest request) : BlockRequest(worker)
{
    public override int BodyCount => request.Outputs.Length;

    public override int Encode(int firstBody, long offset, RecordBuffer output)
    {
        var outputs = request.Outputs.AsSpan(firstBody);
        outputs = outputs[..Math.Min(outputs.Length, BlockProtocol.MaxBucketsPerRequest)];
        Begin(output);
        AppendText(request.Shuffle.Application.Value, output);
        output.AppendInt32(request.Shuffle.Ordinal);
        output.AppendInt32(request.Buckets.First);
        output.AppendInt32(request.Buckets.Count);
        BinaryPrimitives.WriteInt64LittleEndian(output.Append(8), offset);
        output.AppendInt32(outputs.Length);
        foreach (var (mapIndex, attempt) in outputs)
        {
            output.AppendInt32(mapIndex);
            output.AppendInt32(attempt);
        }

        Complete(RequestKind.ReadBuckets, output);
        return firstBody + outputs.Length;
    }
}

/// <summary>A request for a segment of a cached partition.</summary>
internal sealed class CachedRequest(WorkerId worker, CachedSegmentRequest request) : BlockRequest(worker)
{
    public override int Encode(int firstBody, long offset, RecordBuffer output)
    {
        Begin(output);
        AppendText(request.Key.Application.Value, output);
        output.AppendInt32(request.Key.Rdd.Value);
        output.AppendInt32(request.Key.PartitionIndex);
        request.Content.TryWriteBytes(output.Append(16));
        BinaryPrimitives.WriteInt64LittleEndian(output.Append(8), request.FirstRecord);
        BinaryPrimitives.WriteInt64LittleEndian(output.Append(8), offset);
        Complete(RequestKind.ReadCached, output);
        return 1;
    }
}

/// <summary>Reads the bodies of requests, on the server.</summary>
internal static class RequestDecoder
{
    // Each map output takes 8 bytes.
    private const int LeastBitsPerOutput = 64;

    /// <summary>Reads who shall answer, which every request begins with.</summary>
    /// <returns>The worker, and the rest of the body.</returns>
    /// <exception cref="InvalidDataException">The body is none.</exception>
    public static (WorkerId Worker, ReadOnlyMemory<byte> Body) ReadWorker(ReadOnlyMemory<byte> body)
    {
        var input = new RecordInput(body.Span);
        var worker = new WorkerId(ReadText(ref input));
        return (worker, body[^input.Remaining..]);
    }

    /// <summary>Reads a request about one block.</summary>
    /// <returns>The block, and the offset or length that goes with it; 0 if the request has none.</returns>
    /// <exception cref="InvalidDataException">The body is none.</exception>
    public static (BlockId Block, long Number) ReadBlock(RequestKind kind, ReadOnlySpan<byte> body)
    {
        var input = new RecordInput(body);
        var block = new BlockId(new AppId(ReadText(ref input)), ReadText(ref input));
        var number = kind == RequestKind.DeleteBlock ? 0 : ReadLength(ref input);
        CheckEnd(input);
        return (block, number);
    }

    /// <summary>Reads a request for buckets.</summary>
    /// <returns>What is asked for, and how many bytes to leave out of the first bucket.</returns>
    /// <exception cref="InvalidDataException">The body is none.</exception>
    public static (BucketRequest Request, long Offset) ReadBuckets(ReadOnlySpan<byte> body)
    {
        var input = new RecordInput(body);
        var shuffle = new ShuffleId(new AppId(ReadText(ref input)), input.ReadInt32());
        var buckets = new BucketRange(input.ReadInt32(), input.ReadInt32());
        var offset = ReadLength(ref input);
        var outputs = new (int MapIndex, int Attempt)[input.CheckCount(input.ReadInt32(), LeastBitsPerOutput)];
        foreach (ref var output in outputs.AsSpan())
        {
            output = (input.ReadInt32(), input.ReadInt32());
        }

        CheckEnd(input);
        return (new BucketRequest(shuffle, buckets, outputs), offset);
    }

    /// <summary>Reads a request for a segment of a cached partition.</summary>
    /// <returns>What is asked for, and how many bytes of the answer to leave out.</returns>
    /// <exception cref="InvalidDataException">The body is none.</exception>
    public static (CachedSegmentRequest Request, long Offset) ReadCached(ReadOnlySpan<byte> body)
    {
        var input = new RecordInput(body);
        var key = new PartitionKey(new AppId(ReadText(ref input)), new RddId(input.ReadInt32()), input.ReadInt32());
        var content = new Guid(input.ReadBytes(16));
        var firstRecord = ReadLength(ref input);
        var offset = ReadLength(ref input);
        CheckEnd(input);
        return (new(key, content, firstRecord), offset);
    }

    private static string ReadText(scoped ref RecordInput input) =>
        Encoding.UTF8.GetString(input.ReadBytes(BinaryPrimitives.ReadUInt16LittleEndian(input.ReadBytes(2))));

    private static long ReadLength(scoped ref RecordInput input)
    {
        var length = BinaryPrimitives.ReadInt64LittleEndian(input.ReadBytes(8));
        return length >= 0 ? length : throw new InvalidDataException($"A request holds the length or offset {length}, which is negative.");
    }

    private static void CheckEnd(RecordInput input)
    {
        if (input.Remaining != 0)
        {
            throw new InvalidDataException($"A request has {input.Remaining} bytes more than its kind needs. A newer client may have sent it.");
        }
    }
}
