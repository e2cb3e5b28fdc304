using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Collections.Specialized;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Numerics;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;

namespace Orleans.Serialization.TypeSystem;

/// <summary>The built-in types: their numbers on the wire and how their codecs are made.</summary>
internal static class WellKnownTypes
{
    // The position is the number that travels: entries are only ever appended, and there are at most 256.
    private static readonly Type[] Types =
    [
        typeof(object), typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(char), typeof(float), typeof(double), typeof(string), typeof(Guid), typeof(TimeSpan), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly),
        typeof(decimal), typeof(Half), typeof(Int128), typeof(UInt128), typeof(BigInteger), typeof(Uri), typeof(Version), typeof(Type), typeof(Exception), typeof(DayOfWeek),
        typeof(IPAddress), typeof(IPEndPoint), typeof(CultureInfo), typeof(CompareInfo), typeof(BitArray), typeof(BitVector32), typeof(ArrayList), typeof(NameValueCollection),
        typeof(Nullable<>), typeof(KeyValuePair<,>),
        typeof(ValueTuple), typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>),
        typeof(ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>), typeof(ValueTuple<,,,,,,,>),
        typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>), typeof(Tuple<,,,,>), typeof(Tuple<,,,,,>), typeof(Tuple<,,,,,,>), typeof(Tuple<,,,,,,,>),
        typeof(List<>), typeof(HashSet<>), typeof(SortedSet<>), typeof(Queue<>), typeof(Stack<>), typeof(ConcurrentQueue<>), typeof(Collection<>), typeof(ReadOnlyCollection<>),
        typeof(Dictionary<,>), typeof(SortedDictionary<,>), typeof(SortedList<,>), typeof(ConcurrentDictionary<,>), typeof(ReadOnlyDictionary<,>),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>), typeof(ImmutableHashSet<>), typeof(ImmutableSortedSet<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>), typeof(FrozenSet<>), typeof(FrozenDictionary<,>),
        typeof(ArraySegment<>), typeof(Memory<>), typeof(ReadOnlyMemory<>),
        typeof(IEnumerable<>), typeof(ICollection<>), typeof(IList<>), typeof(IReadOnlyCollection<>), typeof(IReadOnlyList<>), typeof(ISet<>), typeof(IReadOnlySet<>),
        typeof(IDictionary<,>), typeof(IReadOnlyDictionary<,>),
    ];

    private static readonly Dictionary<Type, int> Ids = Types.Select((type, id) => (type, id)).ToDictionary(pair => pair.type, pair => pair.id);

    /// <exception cref="SerializerException">There is none of that number.</exception>
    public static Type Get(ulong id)
    {
        if (id >= (ulong)Types.Length)
        {
            SerializerLimits.ThrowDamaged($"an unknown type {id}");
        }

        return Types[id];
    }

    /// <summary>The number of a type that is not generic, or of the definition of one that is.</summary>
    public static bool TryGetId(Type type, out int id) => Ids.TryGetValue(type, out id);

    public static bool TryCreateCodec(Type type, [NotNullWhen(true)] out Codec? codec)
    {
        codec = type.IsArray ? CreateArray(type)
            : type.IsGenericType ? CreateGeneric(type, type.GetGenericTypeDefinition())
            : SimpleCodecs.TryCreate(type) ?? CreateDerived(type);
        return codec is not null;
    }

    private static Codec? CreateArray(Type type)
    {
        var element = type.GetElementType()!;
        return element.IsPointer ? null
            : type.IsSZArray ? CodecTable.New(typeof(VectorCodec<>), element)
            : CodecTable.New(typeof(GridCodec<,>), type, element);
    }

    private static Codec? CreateGeneric(Type type, Type definition)
    {
        if (CodecOf(definition) is { } codec)
        {
            return CodecTable.New(codec, type.GetGenericArguments());
        }

        if (definition == typeof(KeyValuePair<,>) || typeof(System.Runtime.CompilerServices.ITuple).IsAssignableFrom(type))
        {
            return Ids.ContainsKey(definition) ? CodecTable.New(type.IsValueType ? typeof(MemberStructCodec<>) : typeof(MemberObjectCodec<>), type) : null;
        }

        return CreateDerived(type);
    }

    // Types of the framework that show themselves as their base class.
    private static Codec? CreateDerived(Type type)
    {
        for (var level = type.BaseType; level is not null; level = level.BaseType)
        {
            if (level == typeof(Type) || level == typeof(IPAddress)
                || (level.IsGenericType && (level.GetGenericTypeDefinition() == typeof(FrozenSet<>) || level.GetGenericTypeDefinition() == typeof(FrozenDictionary<,>))))
            {
                return CodecTable.Get(level);
            }
        }

        return null;
    }

    // A switch over names would not load the codecs that nobody needs; a chain of comparisons does that, too, and is checked by the compiler.
    private static Type? CodecOf(Type definition) =>
        definition == typeof(List<>) ? typeof(ListCodec<>)
        : definition == typeof(Dictionary<,>) ? typeof(DictionaryCodec<,>)
        : definition == typeof(ImmutableArray<>) ? typeof(ImmutableArrayCodec<>)
        : definition == typeof(Nullable<>) ? typeof(NullableCodec<>)
        : definition == typeof(HashSet<>) ? typeof(HashSetCodec<>)
        : definition == typeof(SortedSet<>) ? typeof(SortedSetCodec<>)
        : definition == typeof(Queue<>) ? typeof(QueueCodec<>)
        : definition == typeof(Stack<>) ? typeof(StackCodec<>)
        : definition == typeof(ConcurrentQueue<>) ? typeof(ConcurrentQueueCodec<>)
        : definition == typeof(Collection<>) ? typeof(CollectionOfCodec<>)
        : definition == typeof(ReadOnlyCollection<>) ? typeof(ReadOnlyCollectionCodec<>)
        : definition == typeof(SortedDictionary<,>) ? typeof(SortedDictionaryCodec<,>)
        : definition == typeof(SortedList<,>) ? typeof(SortedListCodec<,>)
        : definition == typeof(ConcurrentDictionary<,>) ? typeof(ConcurrentDictionaryCodec<,>)
        : definition == typeof(ReadOnlyDictionary<,>) ? typeof(ReadOnlyDictionaryCodec<,>)
        : definition == typeof(ImmutableList<>) ? typeof(ImmutableListCodec<>)
        : definition == typeof(ImmutableQueue<>) ? typeof(ImmutableQueueCodec<>)
        : definition == typeof(ImmutableStack<>) ? typeof(ImmutableStackCodec<>)
        : definition == typeof(ImmutableHashSet<>) ? typeof(ImmutableHashSetCodec<>)
        : definition == typeof(ImmutableSortedSet<>) ? typeof(ImmutableSortedSetCodec<>)
        : definition == typeof(ImmutableDictionary<,>) ? typeof(ImmutableDictionaryCodec<,>)
        : definition == typeof(ImmutableSortedDictionary<,>) ? typeof(ImmutableSortedDictionaryCodec<,>)
        : definition == typeof(FrozenSet<>) ? typeof(FrozenSetCodec<>)
        : definition == typeof(FrozenDictionary<,>) ? typeof(FrozenDictionaryCodec<,>)
        : definition == typeof(ArraySegment<>) ? typeof(ArraySegmentCodec<>)
        : definition == typeof(Memory<>) ? typeof(MemoryCodec<>)
        : definition == typeof(ReadOnlyMemory<>) ? typeof(ReadOnlyMemoryCodec<>)
        : null;
}
