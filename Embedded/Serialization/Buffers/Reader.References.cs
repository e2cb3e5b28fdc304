using System.Diagnostics.CodeAnalysis;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Buffers;

internal ref partial struct Reader
{
    private const int MaxSpecBytes = 4096;

    /// <summary>Reads a value that may be null, an earlier object, or of a type other than the declared one.</summary>
    /// <exception cref="SerializerException">It is none of these, or not a <typeparamref name="T"/>.</exception>
    public T? ReadTyped<T>(WireType wire)
        where T : class
    {
        if (wire == WireType.Reference)
        {
            return ReadReference<T>();
        }

        if (wire != WireType.Typed)
        {
            SerializerLimits.ThrowWireType(wire, typeof(T));
        }

        var codec = ReadTypeSpec();
        var value = codec.ReadObject(ref this, ReadTypedContent());
        if (value is not T typed)
        {
            ThrowNotAssignable(codec.Type, typeof(T));
            return null;
        }

        return typed;
    }

    /// <summary>Passes over a content without understanding it, noting the objects and types in it: later fields may name them.</summary>
    public void Skip(WireType wire) => Skip(wire, typedOffset: -1);

    /// <summary>Passes over the levels of derived classes that the reader lacks. <paramref name="wire"/> ended the last one that it has.</summary>
    public void SkipLevels(WireType wire)
    {
        while (wire != WireType.End)
        {
            if (wire != WireType.Level)
            {
                Skip(wire);
            }

            wire = ReadTag();
        }
    }

    private void Skip(WireType wire, long typedOffset)
    {
        switch (wire)
        {
            case WireType.VarInt or WireType.Reference:
                ReadVarInt();
                break;
            case WireType.Fixed32:
                Advance(sizeof(uint));
                break;
            case WireType.Fixed64:
                Advance(sizeof(ulong));
                break;
            case WireType.Bytes:
                Advance(ReadLength());
                break;
            case WireType.Blob:
                NoteSkipped(wire, typedOffset);
                Advance(ReadLength());
                break;
            case WireType.Group or WireType.Object:
                if (wire == WireType.Object)
                {
                    NoteSkipped(wire, typedOffset);
                }

                Enter();
                SkipLevels(ReadTag());
                Leave();
                break;
            case WireType.Typed:
                var start = Offset;
                ReadTypeIndex();
                Skip(ReadTypedContent(), start);
                break;
            default:
                SerializerLimits.ThrowDamaged($"an unknown wire type {(int)wire}");
                break;
        }
    }

    private void NoteSkipped(WireType wire, long typedOffset)
    {
        var skipped = typedOffset < 0 ? new SkippedObject(Offset, wire) : new SkippedObject(typedOffset, WireType.Typed);
        Session.SetReference(Session.NextReference(), skipped);
    }

    private T? ReadReference<T>()
        where T : class
    {
        var id = ReadVarInt();
        if (id == 0)
        {
            return null;
        }

        var value = Session.GetReference(id);
        if (value is SkippedObject skipped)
        {
            value = ReadSkipped<T>((int)id, skipped);
        }

        if (value is T typed)
        {
            return typed;
        }

        if (value is null)
        {
            SerializerLimits.ThrowDamaged($"a reference to object {id}, which has not been read completely");
        }

        ThrowNotAssignable(value.GetType(), typeof(T));
        return null;
    }

    // The object stood in a member that this version of the type lacks. It gets the same ids as if it had been read there.
    private T? ReadSkipped<T>(int id, SkippedObject skipped)
        where T : class
    {
        var offset = Offset;
        var count = Session.ReferenceCount;
        Session.ReferenceCount = id - 1;
        Seek(skipped.Offset);
        Enter();
        var value = CodecCache<T>.Codec.Read(ref this, skipped.Wire);
        Leave();
        Seek(offset);
        Session.ReferenceCount = count;
        return value;
    }

    private WireType ReadTypedContent()
    {
        var wire = ReadTag();
        if (wire is WireType.Typed or WireType.Reference or WireType.Level or WireType.End)
        {
            SerializerLimits.ThrowDamaged($"a type that is followed by {wire}");
        }

        return wire;
    }

    private Codec ReadTypeSpec()
    {
        var (wellKnownId, index) = ReadTypeIndex();
        if (index < 0)
        {
            return TypeManifest.GetWellKnown(wellKnownId);
        }

        var (offset, length, codec) = Session.TypeAt(index);
        if (codec is null)
        {
            var spec = length <= 256 ? stackalloc byte[length] : new byte[length];
            var back = Offset;
            Seek(offset);
            ReadRaw(spec);
            Seek(back);
            codec = Session.Manifest.GetCodec(spec);
            Session.SetType(index, codec);
        }

        return codec;
    }

    /// <summary>Reads a type without resolving it: the number of a well-known one, or an index into the types of this message.</summary>
    private (ulong WellKnownId, int Index) ReadTypeIndex()
    {
        var header = ReadVarInt();
        if ((header & 1) != 0)
        {
            return (header >> 1, -1);
        }

        if (header != 0)
        {
            if (header >> 1 > (ulong)Session.TypeCount)
            {
                SerializerLimits.ThrowDamaged($"a reference to type {header >> 1} of {Session.TypeCount}");
            }

            return (0, (int)(header >> 1) - 1);
        }

        var length = ReadLength();
        if (length > MaxSpecBytes)
        {
            SerializerLimits.ThrowDamaged($"a type name of {length} bytes");
        }

        var index = Session.NoteType(Offset, length);
        Advance(length);
        return (0, index);
    }

    private void Advance(int count)
    {
        if (count > Remaining)
        {
            SerializerLimits.ThrowEndOfInput(count, Remaining);
        }

        while (count > _span.Length - _position)
        {
            count -= _span.Length - _position;
            NextSegment();
        }

        _position += count;
    }

    [DoesNotReturn]
    private static void ThrowNotAssignable(Type actual, Type expected) =>
        throw new SerializerException($"A message has a {actual} where a {expected} stands. It is damaged, or the type changed incompatibly.");
}
