using System.Collections;
using System.Collections.Specialized;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Numerics;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;

namespace Orleans.Serialization.TypeSystem;

/// <summary>The built-in types: their numbers on the wire and how their codecs are made.</summary>
/// <remarks>Types are named, and codecs made by functions, so that a process loads only those assemblies of the framework whose types its messages hold.</remarks>
internal static class WellKnownTypes
{
    private const string Collections = ", System.Collections";
    private const string Concurrent = ", System.Collections.Concurrent";
    private const string Immutable = ", System.Collections.Immutable";
    private const string Network = ", System.Net.Primitives";

    // The position is the number that travels: entries are only ever appended, and there are at most 256.
    private static readonly Entry[] Entries =
    [
        new("System.Object", _ => new PolymorphicCodec<object>()),
        new("System.Boolean", _ => new SimpleCodec<bool>((ref w, d, v) => w.WriteBoolean(d, v), (ref r, t) => r.ReadBoolean(t))),
        new("System.Byte", _ => new SimpleCodec<byte>((ref w, d, v) => w.WriteByte(d, v), (ref r, t) => r.ReadByte(t))),
        new("System.SByte", _ => new SimpleCodec<sbyte>((ref w, d, v) => w.WriteSByte(d, v), (ref r, t) => r.ReadSByte(t))),
        new("System.Int16", _ => new SimpleCodec<short>((ref w, d, v) => w.WriteInt16(d, v), (ref r, t) => r.ReadInt16(t))),
        new("System.UInt16", _ => new SimpleCodec<ushort>((ref w, d, v) => w.WriteUInt16(d, v), (ref r, t) => r.ReadUInt16(t))),
        new("System.Int32", _ => new SimpleCodec<int>((ref w, d, v) => w.WriteInt32(d, v), (ref r, t) => r.ReadInt32(t))),
        new("System.UInt32", _ => new SimpleCodec<uint>((ref w, d, v) => w.WriteUInt32(d, v), (ref r, t) => r.ReadUInt32(t))),
        new("System.Int64", _ => new SimpleCodec<long>((ref w, d, v) => w.WriteInt64(d, v), (ref r, t) => r.ReadInt64(t))),
        new("System.UInt64", _ => new SimpleCodec<ulong>((ref w, d, v) => w.WriteUInt64(d, v), (ref r, t) => r.ReadUInt64(t))),
        new("System.Char", _ => new SimpleCodec<char>((ref w, d, v) => w.WriteChar(d, v), (ref r, t) => r.ReadChar(t))),
        new("System.Single", _ => new SimpleCodec<float>((ref w, d, v) => w.WriteSingle(d, v), (ref r, t) => r.ReadSingle(t))),
        new("System.Double", _ => new SimpleCodec<double>((ref w, d, v) => w.WriteDouble(d, v), (ref r, t) => r.ReadDouble(t))),
        new("System.String", _ => new SimpleCodec<string>((ref w, d, v) => w.WriteString(d, v), (ref r, t) => r.ReadString(t)!)),
        new("System.Guid", _ => new SimpleCodec<Guid>((ref w, d, v) => w.WriteGuid(d, v), (ref r, t) => r.ReadGuid(t))),
        new("System.TimeSpan", _ => new SimpleCodec<TimeSpan>((ref w, d, v) => w.WriteInt64(d, v.Ticks), (ref r, t) => new TimeSpan(r.ReadInt64(t)))),
        new("System.DateTime", _ => new SimpleCodec<DateTime>(
            (ref w, d, v) => w.WriteFixed64(d, (ulong)v.ToBinary()), (ref r, t) => DateTime.FromBinary((long)r.ReadFixed64(t, typeof(DateTime))))),
        new("System.DateTimeOffset", _ => new SimpleCodec<DateTimeOffset>(SimpleCodecs.WriteDateTimeOffset, SimpleCodecs.ReadDateTimeOffset)),
        new("System.DateOnly", _ => new SimpleCodec<DateOnly>((ref w, d, v) => w.WriteInt32(d, v.DayNumber), (ref r, t) => DateOnly.FromDayNumber(r.ReadInt32(t)))),
        new("System.TimeOnly", _ => new SimpleCodec<TimeOnly>((ref w, d, v) => w.WriteInt64(d, v.Ticks), (ref r, t) => new TimeOnly(r.ReadInt64(t)))),
        new("System.Decimal", _ => new SimpleCodec<decimal>(SimpleCodecs.WriteDecimal, SimpleCodecs.ReadDecimal)),
        new("System.Half", _ => new SimpleCodec<Half>((ref w, d, v) => w.WriteSingle(d, (float)v), (ref r, t) => (Half)r.ReadSingle(t))),
        new("System.Int128", _ => new SimpleCodec<Int128>(SimpleCodecs.WriteInt128, SimpleCodecs.ReadInt128)),
        new("System.UInt128", _ => new SimpleCodec<UInt128>(SimpleCodecs.WriteUInt128, SimpleCodecs.ReadUInt128)),
        new("System.Numerics.BigInteger, System.Runtime.Numerics", _ => new SimpleCodec<BigInteger>(
            (ref w, d, v) => w.WriteBytes(d, WireType.Bytes, v.ToByteArray()), (ref r, t) => new BigInteger(r.ReadBytes(t)))),
        new("System.Uri, System.Private.Uri", _ => new SimpleCodec<Uri>((ref w, d, v) => w.WriteString(d, v.OriginalString), (ref r, t) => new Uri(r.ReadText(t), UriKind.RelativeOrAbsolute))),
        new("System.Version", _ => new SimpleCodec<Version>((ref w, d, v) => w.WriteString(d, v.ToString()), (ref r, t) => Version.Parse(r.ReadText(t)))),
        new("System.Type", _ => new SimpleCodec<Type>(SimpleCodecs.WriteType, (ref r, t) => r.Session.Manifest.Resolve(r.ReadBytes(t)))),
        new("System.Exception", _ => new ExceptionCodec<Exception>()),
        new("System.DayOfWeek", _ => new EnumCodec<DayOfWeek, int>()),
        new("System.Net.IPAddress" + Network, _ => new SimpleCodec<IPAddress>((ref w, d, v) => w.WriteString(d, v.ToString()), (ref r, t) => IPAddress.Parse(r.ReadText(t)))),
        new("System.Net.IPEndPoint" + Network, _ => new SimpleCodec<IPEndPoint>((ref w, d, v) => w.WriteString(d, v.ToString()), (ref r, t) => IPEndPoint.Parse(r.ReadText(t)))),
        new("System.Globalization.CultureInfo", _ => new SimpleCodec<CultureInfo>((ref w, d, v) => w.WriteString(d, v.Name), (ref r, t) => CultureInfo.GetCultureInfo(r.ReadText(t)))),
        new("System.Globalization.CompareInfo", _ => new SimpleCodec<CompareInfo>((ref w, d, v) => w.WriteString(d, v.Name), (ref r, t) => CompareInfo.GetCompareInfo(r.ReadText(t)))),
        new("System.Collections.BitArray" + Collections, _ => new SurrogateCodec<BitArray, bool[]>(value => [.. value.Cast<bool>()], bits => new BitArray(bits))),
        new("System.Collections.Specialized.BitVector32, System.Collections.Specialized", _ => new SimpleCodec<BitVector32>(
            (ref w, d, v) => w.WriteInt32(d, v.Data), (ref r, t) => new BitVector32(r.ReadInt32(t)))),
        new("System.Collections.ArrayList", _ => new SurrogateCodec<ArrayList, object?[]>(value => value.ToArray(), items => new ArrayList(items))),
        new("System.Collections.Specialized.NameValueCollection, System.Collections.Specialized", _ => new SurrogateCodec<NameValueCollection, (string?, string[]?)[]>(
            SimpleCodecs.NamesAndValues, SimpleCodecs.FromNamesAndValues)),
        new("System.Nullable`1", type => Generic(typeof(NullableCodec<>), type)),
        new("System.Collections.Generic.KeyValuePair`2", Members),
        new("System.ValueTuple", _ => new SimpleCodec<ValueTuple>((ref w, d, _) => w.WriteByte(d, 0), (ref r, t) => { r.ReadByte(t); return default; })),
        new("System.ValueTuple`1", Members),
        new("System.ValueTuple`2", Members),
        new("System.ValueTuple`3", Members),
        new("System.ValueTuple`4", Members),
        new("System.ValueTuple`5", Members),
        new("System.ValueTuple`6", Members),
        new("System.ValueTuple`7", Members),
        new("System.ValueTuple`8", Members),
        new("System.Tuple`1", Members),
        new("System.Tuple`2", Members),
        new("System.Tuple`3", Members),
        new("System.Tuple`4", Members),
        new("System.Tuple`5", Members),
        new("System.Tuple`6", Members),
        new("System.Tuple`7", Members),
        new("System.Tuple`8", Members),
        new("System.Collections.Generic.List`1", type => Generic(typeof(ListCodec<>), type)),
        new("System.Collections.Generic.HashSet`1", type => Generic(typeof(HashSetCodec<>), type)),
        new("System.Collections.Generic.SortedSet`1" + Collections, type => Generic(typeof(SortedSetCodec<>), type)),
        new("System.Collections.Generic.Queue`1", type => Generic(typeof(QueueCodec<>), type)),
        new("System.Collections.Generic.Stack`1" + Collections, type => Generic(typeof(StackCodec<>), type)),
        new("System.Collections.Concurrent.ConcurrentQueue`1", type => Generic(typeof(ConcurrentQueueCodec<>), type)),
        new("System.Collections.ObjectModel.Collection`1", type => Generic(typeof(CollectionOfCodec<>), type)),
        new("System.Collections.ObjectModel.ReadOnlyCollection`1", type => Generic(typeof(ReadOnlyCollectionCodec<>), type)),
        new("System.Collections.Generic.Dictionary`2", type => Generic(typeof(DictionaryCodec<,>), type)),
        new("System.Collections.Generic.SortedDictionary`2" + Collections, type => Generic(typeof(SortedDictionaryCodec<,>), type)),
        new("System.Collections.Generic.SortedList`2" + Collections, type => Generic(typeof(SortedListCodec<,>), type)),
        new("System.Collections.Concurrent.ConcurrentDictionary`2" + Concurrent, type => Generic(typeof(ConcurrentDictionaryCodec<,>), type)),
        new("System.Collections.ObjectModel.ReadOnlyDictionary`2", type => Generic(typeof(ReadOnlyDictionaryCodec<,>), type)),
        new("System.Collections.Immutable.ImmutableArray`1" + Immutable, type => Generic(typeof(ImmutableArrayCodec<>), type)),
        new("System.Collections.Immutable.ImmutableList`1" + Immutable, type => Generic(typeof(ImmutableListCodec<>), type)),
        new("System.Collections.Immutable.ImmutableQueue`1" + Immutable, type => Generic(typeof(ImmutableQueueCodec<>), type)),
        new("System.Collections.Immutable.ImmutableStack`1" + Immutable, type => Generic(typeof(ImmutableStackCodec<>), type)),
        new("System.Collections.Immutable.ImmutableHashSet`1" + Immutable, type => Generic(typeof(ImmutableHashSetCodec<>), type)),
        new("System.Collections.Immutable.ImmutableSortedSet`1" + Immutable, type => Generic(typeof(ImmutableSortedSetCodec<>), type)),
        new("System.Collections.Immutable.ImmutableDictionary`2" + Immutable, type => Generic(typeof(ImmutableDictionaryCodec<,>), type)),
        new("System.Collections.Immutable.ImmutableSortedDictionary`2" + Immutable, type => Generic(typeof(ImmutableSortedDictionaryCodec<,>), type)),
        new("System.Collections.Frozen.FrozenSet`1" + Immutable, type => Generic(typeof(FrozenSetCodec<>), type)),
        new("System.Collections.Frozen.FrozenDictionary`2" + Immutable, type => Generic(typeof(FrozenDictionaryCodec<,>), type)),
        new("System.ArraySegment`1", type => Generic(typeof(ArraySegmentCodec<>), type)),
        new("System.Memory`1", type => Generic(typeof(MemoryCodec<>), type)),
        new("System.ReadOnlyMemory`1", type => Generic(typeof(ReadOnlyMemoryCodec<>), type)),
        new("System.Collections.Generic.IEnumerable`1", Interface),
        new("System.Collections.Generic.ICollection`1", Interface),
        new("System.Collections.Generic.IList`1", Interface),
        new("System.Collections.Generic.IReadOnlyCollection`1", Interface),
        new("System.Collections.Generic.IReadOnlyList`1", Interface),
        new("System.Collections.Generic.ISet`1", Interface),
        new("System.Collections.Generic.IReadOnlySet`1", Interface),
        new("System.Collections.Generic.IDictionary`2", Interface),
        new("System.Collections.Generic.IReadOnlyDictionary`2", Interface),
    ];

    private static readonly Dictionary<string, int> Ids = IdsByName();

    /// <exception cref="SerializerException">There is none of that number.</exception>
    public static Type Get(ulong id)
    {
        if (id >= (ulong)Entries.Length)
        {
            SerializerLimits.ThrowDamaged($"an unknown type {id}");
        }

        return Entries[id].Type;
    }

    /// <summary>The number of a type that is not generic, or of the definition of one that is.</summary>
    public static bool TryGetId(Type type, out int id)
    {
        id = -1;
        return MayBeKnown(type) && Ids.TryGetValue(type.FullName!, out id) && Entries[id].Type == type;
    }

    /// <summary>The type, or generic definition, of a full name.</summary>
    public static bool TryGet(string fullName, [NotNullWhen(true)] out Type? type)
    {
        type = Ids.TryGetValue(fullName, out var id) ? Entries[id].Type : null;
        return type is not null;
    }

    public static bool TryCreateCodec(Type type, [NotNullWhen(true)] out Codec? codec)
    {
        codec = null;
        if (type.IsArray)
        {
            codec = CreateArray(type);
        }
        else if (TryGetId(type.IsGenericType ? type.GetGenericTypeDefinition() : type, out var id))
        {
            codec = Entries[id].Create(type);
        }
        else if (MayBeKnown(type))
        {
            codec = CreateDerived(type);
        }

        return codec is not null;
    }

    private static bool MayBeKnown(Type type) => type.Namespace is { } space && space.StartsWith("System", StringComparison.Ordinal);

    private static Codec? CreateArray(Type type)
    {
        var element = type.GetElementType()!;
        return element.IsPointer ? null
            : type.IsSZArray ? CodecTable.New(typeof(VectorCodec<>), element)
            : CodecTable.New(typeof(GridCodec<,>), type, element);
    }

    // Types of the framework that show themselves as their base class.
    private static Codec? CreateDerived(Type type)
    {
        for (var level = type.BaseType; level is not null; level = level.BaseType)
        {
            if (level.FullName is "System.Type" or "System.Net.IPAddress" || level.Namespace == "System.Collections.Frozen")
            {
                return CodecTable.TryGet(level);
            }
        }

        return null;
    }

    private static Codec Generic(Type codec, Type type) => CodecTable.New(codec, type.GetGenericArguments());

    private static Codec Members(Type type) => CodecTable.New(type.IsValueType ? typeof(MemberStructCodec<>) : typeof(MemberObjectCodec<>), type);

    private static Codec Interface(Type type) => CodecTable.New(typeof(PolymorphicCodec<>), type);

    private static Dictionary<string, int> IdsByName()
    {
        var ids = new Dictionary<string, int>(Entries.Length);
        for (var id = 0; id < Entries.Length; id++)
        {
            var name = Entries[id].Name;
            var comma = name.IndexOf(',', StringComparison.Ordinal);
            ids.Add(comma < 0 ? name : name[..comma], id);
        }

        return ids;
    }

    private sealed class Entry(string name, Func<Type, Codec> create)
    {
        private Type? _type;

        public string Name => name;

        public Type Type => _type ??= Type.GetType(name, throwOnError: true)!;

        public Codec Create(Type type) => create(type);
    }
}
