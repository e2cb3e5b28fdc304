using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;

namespace Orleans.Runtime;

/// <summary>An argument that carries <see cref="ImmutableAttribute"/>: a copy is the value itself.</summary>
[SerializedBy(typeof(ByReferenceCodec<>))]
internal readonly struct ByReference<T>(T? value) : IByReference
{
    public readonly T? Value = value;

    object? IByReference.Value => Value;
}

/// <summary><see cref="ByReference{T}"/> without its type.</summary>
internal interface IByReference
{
    object? Value { get; }
}

internal sealed class ByReferenceCodec<T> : Codec<ByReference<T>>
{
    public override bool IsShallow => true;

    public override void Write(ref Writer writer, uint delta, ByReference<T> value) => CodecCache<T>.Codec.Write(ref writer, delta, value.Value);

    public override ByReference<T> Read(ref Reader reader, WireType wire) => new(CodecCache<T>.Codec.Read(ref reader, wire));

    public override ByReference<T> Copy(ByReference<T> value, CopyContext context) => value;
}
