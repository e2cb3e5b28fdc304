using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;

namespace Orleans.Serialization.Codecs;

internal delegate void FieldWriter<T>(ref Writer writer, uint delta, T value);

internal delegate T FieldReader<T>(ref Reader reader, WireType wire);

/// <summary>Values that hold no other objects and never change: numbers, strings, dates and the like.</summary>
internal sealed class SimpleCodec<T>(FieldWriter<T> write, FieldReader<T> read) : Codec<T>
{
    public override bool IsShallow => true;

    public override void Write(ref Writer writer, uint delta, T? value)
    {
        if (value is null)
        {
            writer.WriteNull(delta);
        }
        else
        {
            write(ref writer, delta, value);
        }
    }

    public override T? Read(ref Reader reader, WireType wire)
    {
        if (wire == WireType.Reference && default(T) is null)
        {
            return reader.ReadVarInt() == 0 ? default : throw new SerializerException($"A message has a reference where a {typeof(T)} stands. It is damaged.");
        }

        // A derived object in a member that is declared as its base.
        if (wire == WireType.Typed && !typeof(T).IsValueType)
        {
            return (T?)reader.ReadTyped<object>(wire);
        }

        return read(ref reader, wire);
    }
}

/// <summary>Enums, as their underlying numbers.</summary>
internal sealed class EnumCodec<T, TNumber> : Codec<T>
    where T : struct, Enum
    where TNumber : struct
{
    public override bool IsShallow => true;

    public override void Write(ref Writer writer, uint delta, T value) =>
        CodecCache<TNumber>.Codec.Write(ref writer, delta, System.Runtime.CompilerServices.Unsafe.BitCast<T, TNumber>(value));

    public override T Read(ref Reader reader, WireType wire) =>
        System.Runtime.CompilerServices.Unsafe.BitCast<TNumber, T>(CodecCache<TNumber>.Codec.Read(ref reader, wire));
}

/// <summary>Values or null.</summary>
internal sealed class NullableCodec<T> : Codec<T?>
    where T : struct
{
    private readonly Codec<T> _codec = CodecCache<T>.Codec;

    public override bool IsShallow => _codec.IsShallow;

    public override void Write(ref Writer writer, uint delta, T? value)
    {
        if (value is { } present)
        {
            _codec.Write(ref writer, delta, present);
        }
        else
        {
            writer.WriteNull(delta);
        }
    }

    public override T? Read(ref Reader reader, WireType wire)
    {
        if (wire != WireType.Reference)
        {
            return _codec.Read(ref reader, wire);
        }

        return reader.ReadVarInt() == 0 ? null : throw new SerializerException($"A message has a reference where a {typeof(T)} stands. It is damaged.");
    }

    public override T? Copy(T? value, CopyContext context) => value is { } present ? _codec.Copy(present, context) : null;
}

/// <summary>A static type whose values are always of another type: interfaces, abstract classes, object.</summary>
internal sealed class PolymorphicCodec<T> : Codec<T>
    where T : class
{
    private readonly Type? _stand = CollectionInterfaces.StandIn(typeof(T));

    public override bool IsTracked => true;

    public override void Write(ref Writer writer, uint delta, T? value)
    {
        if (value is null)
        {
            writer.WriteNull(delta);
        }
        else if (CodecTable.TryGet(value.GetType()) is { } codec)
        {
            writer.WriteTyped(delta, value, codec);
        }
        else if (_stand is null)
        {
            CodecNotFoundException.ThrowNoCodec(value.GetType());
        }
        else
        {
            writer.WriteTyped(delta, CollectionInterfaces.Convert(value, _stand));
        }
    }

    public override T? Read(ref Reader reader, WireType wire) => reader.ReadTyped<T>(wire);

    public override T? Copy(T? value, CopyContext context)
    {
        if (value is null || value.GetType() == typeof(object))
        {
            return value;
        }

        if (_stand is not null && CodecTable.TryGet(value.GetType()) is null)
        {
            value = (T)CollectionInterfaces.Convert(value, _stand);
        }

        return (T)CodecTable.GetCopier(value.GetType()).CopyObject(value, context);
    }

    public override void WriteObject(ref Writer writer, uint delta, object value)
    {
        writer.Enter(delta, WireType.Object);
        writer.WriteEnd();
    }

    public override object ReadObject(ref Reader reader, WireType wire)
    {
        if (typeof(T) != typeof(object) || wire != WireType.Object)
        {
            SerializerLimits.ThrowWireType(wire, typeof(T));
        }

        var value = new object();
        reader.Session.SetReference(reader.Session.NextReference(), value);
        reader.SkipLevels(reader.ReadTag());
        return value;
    }
}

/// <summary>Collections of a type without a codec, such as the results of LINQ, travel in interface-typed members as plain collections.</summary>
internal static class CollectionInterfaces
{
    private static readonly Dictionary<Type, Type> StandIns = new()
    {
        [typeof(IEnumerable<>)] = typeof(List<>),
        [typeof(ICollection<>)] = typeof(List<>),
        [typeof(IList<>)] = typeof(List<>),
        [typeof(IReadOnlyCollection<>)] = typeof(List<>),
        [typeof(IReadOnlyList<>)] = typeof(List<>),
        [typeof(ISet<>)] = typeof(HashSet<>),
        [typeof(IReadOnlySet<>)] = typeof(HashSet<>),
        [typeof(IDictionary<,>)] = typeof(Dictionary<,>),
        [typeof(IReadOnlyDictionary<,>)] = typeof(Dictionary<,>),
    };

    public static Type? StandIn(Type type) =>
        type.IsGenericType && StandIns.TryGetValue(type.GetGenericTypeDefinition(), out var definition)
            ? definition.MakeGenericType(type.GetGenericArguments())
            : null;

    public static object Convert(object value, Type standIn) => Activator.CreateInstance(standIn, value)!;
}
