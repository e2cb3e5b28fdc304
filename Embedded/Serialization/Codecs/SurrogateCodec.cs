using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;

namespace Orleans.Serialization.Codecs;

/// <summary>Objects that travel as a value of another type. They cannot be part of a cycle: the surrogate must be complete before the object is made.</summary>
internal class SurrogateCodec<T, TSurrogate>(Func<T, TSurrogate> to, Func<TSurrogate, T> from) : ObjectCodec<T>
    where T : class
{
    protected override void WriteNew(ref Writer writer, uint delta, T value)
    {
        writer.Enter(delta, WireType.Object);
        CodecCache<TSurrogate>.Codec.Write(ref writer, 0, to(value));
        writer.WriteEnd();
    }

    protected override T ReadNew(ref Reader reader, WireType wire)
    {
        var id = Begin(ref reader, wire);
        var surrogate = CodecCache<TSurrogate>.Codec.Read(ref reader, reader.ReadTag());
        reader.SkipLevels(reader.ReadTag());
        reader.Leave();
        var value = from(surrogate!);
        reader.Session.SetReference(id, value);
        return value;
    }

    protected override T CopyNew(T value, CopyContext context)
    {
        var copy = from(CodecCache<TSurrogate>.Copier.Copy(to(value), context)!);
        context.Add(value, copy);
        return copy;
    }
}
