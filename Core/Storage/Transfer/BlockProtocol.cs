using System.Buffers.Binary;
using System.Text;

namespace Dpark.Storage.Transfer;

/// <summary>What a client asks for. The numbers travel; they never change.</summary>
internal enum RequestKind : byte
{
    /// <summary>A block, from an offset to its end.</summary>
    ReadBlock = 1,

    /// <summary>Stores a block, whose bytes follow the request.</summary>
    PutBlock = 2,

    /// <summary>Deletes a block.</summary>
    DeleteBlock = 3,

    /// <summary>One bucket of each of several map outputs.</summary>
    ReadBuckets = 4,

    /// <summary>Some elements of a cached partition.</summary>
    ReadCached = 5,
}

/// <summary>How an answer begins. The numbers travel; they never change.</summary>
internal enum AnswerStatus : byte
{
    /// <summary>Bytes follow.</summary>
    Ok = 0,

    /// <summary>The block or map output is not here.</summary>
    NotFound = 1,

    /// <summary>The request makes no sense to the server.</summary>
    BadRequest = 2,

    /// <summary>The block could not be stored.</summary>
    NoRoom = 3,

    /// <summary>What was asked for is here and cannot be read.</summary>
    Failed = 4,

    /// <summary>The client does not know the secret.</summary>
    Refused = 5,

    /// <summary>The server has as many connections as it may have.</summary>
    Busy = 6,

    /// <summary>Another worker is meant: an earlier life of this one, or one that had the address before.</summary>
    OtherWorker = 7,
}

/// <summary>
/// Lengths and headers of what block clients and block servers send each other; <c>docs/formats/block-protocol.md</c> states every byte. All numbers are
/// little-endian.
/// </summary>
internal static class BlockProtocol
{
    /// <summary>Kind, zeros, length of the body.</summary>
    public const int RequestHeaderLength = 8;

    /// <summary>Status, zeros, length of what follows.</summary>
    public const int AnswerHeaderLength = 12;

    /// <summary>Most bytes of a request's body. What a block holds does not belong to it.</summary>
    public const int MaxRequestBytes = 1 << 20;

    /// <summary>Most bytes of the text of an answer that is not <see cref="AnswerStatus.Ok"/>.</summary>
    public const int MaxTextBytes = 4096;

    /// <summary>Most buckets that one request asks for. A client that wants more asks again on the same connection.</summary>
    public const int MaxBucketsPerRequest = 32_768;

    /// <summary>Fills in the header of a request.</summary>
    public static void WriteRequestHeader(Span<byte> header, RequestKind kind, int bodyLength)
    {
        header[..RequestHeaderLength].Clear();
        header[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], bodyLength);
    }

    /// <summary>Reads the header of a request.</summary>
    /// <exception cref="InvalidDataException">It is none. What follows cannot be found, so the connection is of no more use.</exception>
    public static (RequestKind Kind, int BodyLength) ReadRequestHeader(ReadOnlySpan<byte> header)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        if (header[1] != 0 || header[2] != 0 || header[3] != 0 || length is < 0 or > MaxRequestBytes)
        {
            throw new InvalidDataException(
                $"A request starts with {Convert.ToHexString(header)}, which is no header of a body of up to {MaxRequestBytes} bytes. The connection is closed.");
        }

        return ((RequestKind)header[0], length);
    }

    /// <summary>Fills in the header of an answer.</summary>
    /// <param name="length">Bytes that follow.</param>
    public static void WriteAnswerHeader(Span<byte> header, AnswerStatus status, long length)
    {
        header[..4].Clear();
        header[0] = (byte)status;
        BinaryPrimitives.WriteInt64LittleEndian(header[4..], length);
    }

    /// <summary>Reads the header of an answer.</summary>
    /// <exception cref="InvalidDataException">It is none: the other side is no block server, or a newer one.</exception>
    public static (AnswerStatus Status, long Length) ReadAnswerHeader(ReadOnlySpan<byte> header)
    {
        var status = (AnswerStatus)header[0];
        var length = BinaryPrimitives.ReadInt64LittleEndian(header[4..]);
        var most = status == AnswerStatus.Ok ? long.MaxValue : MaxTextBytes;
        if (header[1] != 0 || header[2] != 0 || header[3] != 0 || status > AnswerStatus.OtherWorker || length < 0 || length > most)
        {
            throw new InvalidDataException(
                $"An answer starts with {Convert.ToHexString(header[..AnswerHeaderLength])}. What listens there is no block server, or one of another version.");
        }

        return (status, length);
    }

    /// <summary>A whole answer that is an error.</summary>
    /// <param name="text">Cut at <see cref="MaxTextBytes"/>.</param>
    public static byte[] EncodeError(AnswerStatus status, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = Math.Min(bytes.Length, MaxTextBytes);
        var answer = new byte[AnswerHeaderLength + length];
        WriteAnswerHeader(answer, status, length);
        bytes.AsSpan(0, length).CopyTo(answer.AsSpan(AnswerHeaderLength));
        return answer;
    }
}
