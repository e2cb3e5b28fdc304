using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;

namespace Orleans.Runtime;

/// <summary>An <see cref="IdSpan"/> as its bytes.</summary>
internal sealed class IdSpanCodec : Codec<IdSpan>
{
    public override bool IsShallow => true;

    public override void Write(ref Writer writer, uint delta, IdSpan value)
    {
        if (value.IsDefault)
        {
            writer.WriteNull(delta);
        }
        else
        {
            writer.WriteBytes(delta, WireType.Bytes, value.AsSpan());
        }
    }

    public override IdSpan Read(ref Reader reader, WireType wire)
    {
        if (wire == WireType.Reference)
        {
            reader.ReadVarInt();
            return default;
        }

        return new IdSpan(reader.ReadBytes(wire));
    }
}

/// <summary>A <see cref="SiloAddress"/> as its parsable text.</summary>
internal sealed class SiloAddressCodec : Codec<SiloAddress>
{
    public override bool IsShallow => true;

    public override void Write(ref Writer writer, uint delta, SiloAddress? value)
    {
        if (value is null)
        {
            writer.WriteNull(delta);
        }
        else
        {
            writer.WriteString(delta, value.ToParsableString());
        }
    }

    public override SiloAddress? Read(ref Reader reader, WireType wire)
    {
        if (wire == WireType.Typed)
        {
            return (SiloAddress?)reader.ReadTyped<object>(wire);
        }

        return wire != WireType.Reference ? SiloAddress.FromParsableString(reader.ReadText(wire))
            : reader.ReadVarInt() == 0 ? null
            : throw new Serialization.SerializerException("A message has a reference where a silo address stands. It is damaged.");
    }
}
