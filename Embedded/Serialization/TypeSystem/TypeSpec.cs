using System.Buffers;
using System.Buffers.Binary;
using System.Reflection;
using System.Text;

namespace Orleans.Serialization.TypeSystem;

/// <summary>
/// How a type is named on the wire. A kind byte each: 0 a well-known type and its number in a byte; 1 an alias; 2 a full name and the simple name of its
/// assembly; 3 an array, its rank in a byte (0 for vectors) and the element. The arguments of a generic type follow its definition.
/// A text is a length in two bytes and UTF-8.
/// </summary>
internal sealed class TypeSpec
{
    public const byte WellKnownKind = 0;
    public const byte AliasKind = 1;
    public const byte NameKind = 2;
    public const byte ArrayKind = 3;

    private TypeSpec(int? wellKnownId, byte[] bytes, Type[] undeclared)
    {
        WellKnownId = wellKnownId;
        Bytes = bytes;
        Undeclared = undeclared;
    }

    /// <summary>The number of a well-known type that is not generic.</summary>
    public int? WellKnownId { get; }

    public byte[] Bytes { get; }

    /// <summary>Types in it that only <see cref="Configuration.TypeManifestOptions"/> can permit; mostly none.</summary>
    public Type[] Undeclared { get; }

    public static TypeSpec Of(Type type)
    {
        if (!type.IsGenericType && WellKnownTypes.TryGetId(type, out var id))
        {
            return new TypeSpec(id, [WellKnownKind, (byte)id], []);
        }

        var output = new ArrayBufferWriter<byte>();
        var undeclared = new List<Type>();
        Encode(type, output, undeclared);
        return new TypeSpec(null, output.WrittenSpan.ToArray(), [.. undeclared]);
    }

    private static void Encode(Type type, ArrayBufferWriter<byte> output, List<Type> undeclared)
    {
        if (type.IsArray)
        {
            output.Write([ArrayKind, type.IsSZArray ? (byte)0 : (byte)type.GetArrayRank()]);
            Encode(type.GetElementType()!, output, undeclared);
            return;
        }

        EncodeDefinition(type.IsGenericType ? type.GetGenericTypeDefinition() : type, output, undeclared);
        if (type.IsConstructedGenericType)
        {
            foreach (var argument in type.GetGenericArguments())
            {
                Encode(argument, output, undeclared);
            }
        }
    }

    private static void EncodeDefinition(Type type, ArrayBufferWriter<byte> output, List<Type> undeclared)
    {
        if (WellKnownTypes.TryGetId(type, out var id))
        {
            output.Write([WellKnownKind, (byte)id]);
            return;
        }

        if (!TypeManifest.IsDeclared(type))
        {
            undeclared.Add(type);
        }

        if (type.GetCustomAttribute<AliasAttribute>(inherit: false) is { } alias)
        {
            output.Write([AliasKind]);
            EncodeText(alias.Alias, output);
        }
        else
        {
            output.Write([NameKind]);
            EncodeText(type.FullName!, output);
            EncodeText(type.Assembly.GetName().Name!, output);
        }
    }

    private static void EncodeText(string text, ArrayBufferWriter<byte> output)
    {
        var count = Encoding.UTF8.GetByteCount(text);
        BinaryPrimitives.WriteUInt16LittleEndian(output.GetSpan(sizeof(ushort)), checked((ushort)count));
        output.Advance(sizeof(ushort));
        Encoding.UTF8.GetBytes(text, output.GetSpan(count));
        output.Advance(count);
    }
}

/// <summary>Reads the parts of a <see cref="TypeSpec"/>.</summary>
internal ref struct TypeSpecReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private int _nodes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Starts a type and returns its kind.</summary>
    public byte ReadKind()
    {
        if (++_nodes > Buffers.SerializerLimits.MaxTypeNodes)
        {
            Buffers.SerializerLimits.ThrowDamaged($"a type of more than {Buffers.SerializerLimits.MaxTypeNodes} parts");
        }

        return ReadByte();
    }

    public byte ReadByte() => Take(1)[0];

    public string ReadText() => Encoding.UTF8.GetString(Take(BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)))));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            Buffers.SerializerLimits.ThrowEndOfInput(count, _rest.Length);
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
