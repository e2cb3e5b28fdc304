using System.Buffers.Binary;
using Orleans.Runtime.Messaging;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.Session;

namespace Orleans.Runtime;

/// <summary>Makes frames of messages and messages of frames. Thread-safe.</summary>
/// <remarks>
/// A frame is the length of the header (4 bytes, little endian), header, body. The header begins with a version. The body stays bytes until the message has
/// arrived where it is used: a gateway sends it on as it is, and only the callee must know its types.
/// </remarks>
internal sealed class MessageSerializer(SerializerSessionPool pool, int maxHeaderBytes, int maxBodyBytes)
{
    private const byte Version = 1;
    private const int PrefixBytes = sizeof(int);

    /// <summary>The longest frame that messages within the limits can make.</summary>
    public static int MaxFrameBytes(Configuration.MessagingOptions options) =>
        (int)Math.Min(Array.MaxLength - PrefixBytes, (long)PrefixBytes + options.MaxMessageHeaderSize + options.MaxMessageBodySize);

    /// <exception cref="Serialization.CodecNotFoundException">An argument or result cannot travel.</exception>
    /// <exception cref="InvalidMessageFrameException">Header or body is too large.</exception>
    public byte[] Serialize(Message message)
    {
        using var output = new PooledOutput();
        output.GetSpan(PrefixBytes)[..PrefixBytes].Clear();
        output.Advance(PrefixBytes);
        WriteHeader(message, output);
        var headerBytes = output.Written.Length - PrefixBytes;
        Check(headerBytes, maxHeaderBytes, "header", nameof(Configuration.MessagingOptions.MaxMessageHeaderSize), message);
        if (message.Request is Request request)
        {
            request.WriteArguments(pool, output);
        }
        else if (message.Response is { } response)
        {
            response.Write(pool, output);
        }
        else
        {
            var body = message.Body.Span;
            body.CopyTo(output.GetSpan(Math.Max(1, body.Length)));
            output.Advance(body.Length);
        }

        Check(output.Written.Length - PrefixBytes - headerBytes, maxBodyBytes, "body", nameof(Configuration.MessagingOptions.MaxMessageBodySize), message);
        var frame = output.Written.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(frame, headerBytes);
        return frame;
    }

    /// <exception cref="InvalidMessageFrameException">The frame is damaged.</exception>
    public Message Deserialize(ReadOnlyMemory<byte> frame)
    {
        var span = frame.Span;
        var headerBytes = span.Length >= PrefixBytes ? BinaryPrimitives.ReadInt32LittleEndian(span) : -1;
        if (headerBytes < 0 || headerBytes > span.Length - PrefixBytes)
        {
            throw new InvalidMessageFrameException($"A frame of {span.Length} bytes has no header. The peer speaks another protocol, or the connection damages data.");
        }

        if (headerBytes > maxHeaderBytes || span.Length - PrefixBytes - headerBytes > maxBodyBytes)
        {
            throw new InvalidMessageFrameException($"A message has a header of {headerBytes} bytes and a body of {span.Length - PrefixBytes - headerBytes}, and the limits are "
                + $"{maxHeaderBytes} and {maxBodyBytes}. Set the same limits everywhere.");
        }

        try
        {
            var message = ReadHeader(span.Slice(PrefixBytes, headerBytes));
            message.Body = frame[(PrefixBytes + headerBytes)..];
            return message;
        }
        catch (Exception exception) when (exception is not (InvalidMessageFrameException or OutOfMemoryException))
        {
            throw new InvalidMessageFrameException("The header of a message cannot be read. The peer speaks another version, or the connection damages data.", exception);
        }
    }

    /// <summary>Reads the call from a body that was received.</summary>
    public void ReadRequest(Message message)
    {
        if (message.Request is null && message.Kind is MessageKind.Request or MessageKind.OneWay)
        {
            var method = GrainInterface.Of(message.InterfaceType, pool.Manifest).GetMethod(message.MethodId);
            message.Request = method.ReadRequest(pool, message.Body.Span);
            message.Body = default;
        }
    }

    /// <summary>Reads the answer to a call from a body that was received.</summary>
    public Response ReadResponse(Message message, InterfaceMethod method)
    {
        if (message.Response is { } response)
        {
            return response;
        }

        try
        {
            return message.IsFailure
                ? Response.FromException(pool.Read<Exception>(message.Body.Span) ?? new OrleansException("The callee failed without an exception."))
                : method.ReadResponse(pool, message.Body.Span);
        }
        catch (Exception exception)
        {
            return Response.FromException(exception);
        }
    }

    /// <summary>What is answered in place of a response that cannot travel.</summary>
    public static Response Failure(Response response, Serialization.SerializerException exception) => Response.FromException(
        exception is not Serialization.CodecNotFoundException missing ? new OrleansException(exception.Message)

        // A result fails as it would fail within the silo, where it is copied.
        : response.Exception is null && missing.MissingType is { } type ? Serialization.CodecNotFoundException.NoCopier(type)
        : missing);

    private static void Check(int bytes, int limit, string part, string option, Message message)
    {
        if (bytes > limit)
        {
            throw new InvalidMessageFrameException($"The {part} of message {message} has {bytes} bytes, and the limit is {limit}. Send less at a time, or raise {option} everywhere.");
        }
    }

    private void WriteHeader(Message message, PooledOutput output)
    {
        var session = WriteSession.Rent(pool);
        try
        {
            var writer = new Writer(output, session);
            writer.WriteByte(0, Version);
            writer.WriteByte(0, (byte)message.Kind);
            writer.WriteUInt16(0, (ushort)message.Flags);
            writer.WriteByte(0, message.ForwardCount);
            writer.WriteInt64(0, message.Id);
            WriteGrain(ref writer, message.SendingGrain);
            WriteGrain(ref writer, message.TargetGrain);
            CodecCache<SiloAddress>.Codec.Write(ref writer, 0, message.SendingSilo);
            CodecCache<SiloAddress>.Codec.Write(ref writer, 0, message.TargetSilo);
            CodecCache<IdSpan>.Codec.Write(ref writer, 0, message.InterfaceType.Value);
            writer.WriteUInt32(0, message.MethodId);
            writer.WriteInt64(0, message.ExpiresAt == 0 ? 0 : Math.Max(1, message.ExpiresAt - Environment.TickCount64));
            writer.WriteBoolean(0, message.Response is { Exception: not null } || (message.Response is null && message.IsFailure));
            writer.WriteGuid(0, message.ReentrancyId);
            CodecCache<Dictionary<string, object>>.Codec.Write(ref writer, 0, message.RequestContextData);
            CodecCache<List<GrainAddress>>.Codec.Write(ref writer, 0, message.CacheInvalidations);
            writer.Flush();
        }
        finally
        {
            session.Return();
        }
    }

    private Message ReadHeader(ReadOnlySpan<byte> header)
    {
        var session = ReadSession.Rent(pool);
        try
        {
            var reader = new Reader(header, session);
            var version = reader.ReadByte(reader.ReadTag());
            if (version != Version)
            {
                throw new InvalidMessageFrameException($"A message has protocol version {version}, and this process speaks {Version}. Deploy the same version everywhere.");
            }

            var message = new Message
            {
                Kind = (MessageKind)reader.ReadByte(reader.ReadTag()),
                Flags = (MessageFlags)reader.ReadUInt16(reader.ReadTag()),
                ForwardCount = reader.ReadByte(reader.ReadTag()),
                Id = reader.ReadInt64(reader.ReadTag()),
                SendingGrain = ReadGrain(ref reader),
                TargetGrain = ReadGrain(ref reader),
                SendingSilo = CodecCache<SiloAddress>.Codec.Read(ref reader, reader.ReadTag()),
                TargetSilo = CodecCache<SiloAddress>.Codec.Read(ref reader, reader.ReadTag()),
                InterfaceType = new GrainInterfaceType(CodecCache<IdSpan>.Codec.Read(ref reader, reader.ReadTag())),
                MethodId = reader.ReadUInt32(reader.ReadTag()),
            };
            var timeToLive = reader.ReadInt64(reader.ReadTag());
            message.ExpiresAt = timeToLive == 0 ? 0 : Environment.TickCount64 + timeToLive;
            message.IsFailure = reader.ReadBoolean(reader.ReadTag());
            message.ReentrancyId = reader.ReadGuid(reader.ReadTag());
            message.RequestContextData = CodecCache<Dictionary<string, object>>.Codec.Read(ref reader, reader.ReadTag());
            message.CacheInvalidations = CodecCache<List<GrainAddress>>.Codec.Read(ref reader, reader.ReadTag());
            return message;
        }
        finally
        {
            session.Return();
        }
    }

    private static void WriteGrain(ref Writer writer, GrainId grain)
    {
        CodecCache<IdSpan>.Codec.Write(ref writer, 0, grain.Type.Value);
        CodecCache<IdSpan>.Codec.Write(ref writer, 0, grain.Key);
    }

    private static GrainId ReadGrain(ref Reader reader)
    {
        var type = CodecCache<IdSpan>.Codec.Read(ref reader, reader.ReadTag());
        return new GrainId(new GrainType(type), CodecCache<IdSpan>.Codec.Read(ref reader, reader.ReadTag()));
    }
}
