using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;

namespace Orleans.Runtime;

/// <summary>A call of a method that returns a stream. Travels as interface, method and arguments, so the callee must know the method.</summary>
[SerializedBy(typeof(StreamCallCodec<>))]
internal sealed class StreamCall<T>(GrainInterfaceType interfaceType, Request request)
{
    public GrainInterfaceType InterfaceType => interfaceType;

    public Request Request => request;

    /// <summary>Calls the method. Runs as a turn of the callee.</summary>
    public IAsyncEnumerable<T> Open(IGrainContext target, CancellationToken cancellationToken)
    {
        request.SetTarget(target);
        return (IAsyncEnumerable<T>)request.OpenStream(cancellationToken);
    }
}

/// <summary>Its arguments have been copied when it was made.</summary>
internal sealed class StreamCallCodec<T> : ObjectCodec<StreamCall<T>>
{
    public override bool IsShallow => true;

    protected override void WriteNew(ref Writer writer, uint delta, StreamCall<T> value)
    {
        using var arguments = new PooledOutput();
        value.Request.WriteArguments(writer.Session.Pool, arguments);
        writer.Enter(delta, WireType.Object);
        writer.WriteString(0, value.InterfaceType.ToString());
        writer.WriteUInt32(1, value.Request.Method.Id);
        writer.WriteBytes(1, WireType.Bytes, arguments.Written);
        writer.WriteEnd();
    }

    protected override StreamCall<T> ReadNew(ref Reader reader, WireType wire)
    {
        var id = Begin(ref reader, wire);
        var interfaceType = GrainInterfaceType.Create(reader.ReadString(reader.ReadTag()) ?? "");
        var methodId = reader.ReadUInt32(reader.ReadTag());
        var arguments = reader.ReadBytes(reader.ReadTag());
        reader.SkipLevels(reader.ReadTag());
        reader.Leave();
        var pool = reader.Session.Pool;
        var request = GrainInterface.Of(interfaceType, pool.Manifest).GetMethod(methodId).ReadRequest(pool, arguments);
        if (request.Method is not IStreamMethod<T>)
        {
            SerializerLimits.ThrowDamaged($"a stream of {typeof(T)} where {request.Method.Info} stands");
        }

        var call = new StreamCall<T>(interfaceType, request);
        reader.Session.SetReference(id, call);
        return call;
    }

    protected override StreamCall<T> CopyNew(StreamCall<T> value, CopyContext context) => value;
}
