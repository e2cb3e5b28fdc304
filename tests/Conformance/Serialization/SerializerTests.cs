using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Collections.Specialized;
using System.Globalization;
using System.Net;
using System.Numerics;
using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Dpark.Conformance.Serialization;

public sealed class SerializerTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly Serializer _serializer;

    public SerializerTests() => _serializer = _services.GetRequiredService<Serializer>();

    public static TheoryData<object> BuiltInValues =>
    [
        true, (byte)200, (sbyte)-100, (short)-30000, (ushort)60000, -2_000_000_000, 4_000_000_000u, long.MinValue, ulong.MaxValue, 'é',
        1.5f, Math.PI, 79228162514264337593543950335m, (Half)0.25, Int128.MinValue, UInt128.MaxValue, "text ünï 🎈", "",
        new string('x', 100_000), Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), TimeSpan.FromTicks(-5), new DateTime(2026, 2, 3, 4, 5, 6, DateTimeKind.Utc),
        new DateTime(2026, 2, 3), new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromMinutes(-90)), new DateOnly(2026, 2, 3), new TimeOnly(4, 5, 6),
        BigInteger.Pow(7, 100), new Uri("https://example.org/a?b#c"), new Uri("relative/path", UriKind.Relative), new Version(1, 2, 3), typeof(int), DayOfWeek.Friday,
        IPAddress.Loopback, IPAddress.IPv6Loopback, new IPEndPoint(IPAddress.Parse("10.1.2.3"), 11111), CultureInfo.InvariantCulture, new BitVector32(77),
        (1, "two", 3.0), Tuple.Create(1, "two"), new KeyValuePair<string, int>("a", 1), (1, 2, 3, 4, 5, 6, 7, 8), Level.High, new Point(1, -2),
        new PositionalStruct(3, "x"), new Order(1, "c", new Point(3, 4), null, []) with { Lines = null! },
    ];

    public static TheoryData<object> BuiltInSequences =>
    [
        new[] { 1, -2, 3 }, new byte[] { 1, 2, 3 }, new[] { true, false }, new[] { "a", null, "c" }, new[] { Level.High, Level.Low }, Array.Empty<string>(),
        new[] { 1.5m, -2m }, new object[] { 1, "two", new Point(3, 4) },
        new List<int> { 1, 2 }, new List<string> { "a" }, new HashSet<string> { "a", "b" }, new SortedSet<int> { 3, 1 }, new Queue<int>([1, 2, 3]), new Stack<int>([1, 2, 3]),
        new ConcurrentQueue<int>([1, 2]), new Collection<int> { 1, 2 }, new ReadOnlyCollection<int>([1, 2]), new BitArray([0x5a5a, -1]), new ArrayList { 1, "two" },
        new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }, new SortedDictionary<string, int> { ["b"] = 2, ["a"] = 1 }, new ConcurrentDictionary<int, int>([new(1, 2)]),
        new ReadOnlyDictionary<string, int>(new Dictionary<string, int> { ["a"] = 1 }),
        ImmutableArray.Create(1, 2), ImmutableList.Create("a", "b"), ImmutableQueue.Create(1, 2), ImmutableStack.Create(1, 2), ImmutableHashSet.Create(1, 2),
        ImmutableSortedSet.Create(2, 1), ImmutableDictionary<string, int>.Empty.Add("a", 1), ImmutableSortedDictionary<string, int>.Empty.Add("a", 1),
    ];

    public void Dispose() => _services.Dispose();

    [Theory]
    [MemberData(nameof(BuiltInValues))]
    public void Deserialize_BuiltInValue_IsEqual(object value)
    {
        var copy = RoundTrip(value);

        Assert.Equal(value, copy);
        Assert.IsType(copy.GetType(), value, exactMatch: false);
    }

    [Theory]
    [MemberData(nameof(BuiltInSequences))]
    public void Deserialize_BuiltInSequence_HasSameTypeAndElements(object value)
    {
        var copy = RoundTrip(value);

        Assert.Equal(value.GetType(), copy.GetType());
        Assert.Equal(((IEnumerable)value).Cast<object>(), ((IEnumerable)copy).Cast<object>());
    }

    [Fact]
    public void Deserialize_MultidimensionalArray_HasSameShape()
    {
        var value = new string?[,] { { "a", "b", "c" }, { "d", "e", null } };

        var copy = RoundTrip(value);

        Assert.Equal(value, copy);
    }

    [Fact]
    public void Deserialize_Memory_HasOnlyTheShownPart()
    {
        var array = new byte[] { 1, 2, 3, 4, 5 };

        var memory = RoundTrip(array.AsMemory(1, 2));
        var readOnly = RoundTrip((ReadOnlyMemory<byte>)array.AsMemory(3));
        var segment = RoundTrip(new ArraySegment<string>(["a", "b", "c"], 1, 1));

        Assert.Equal([2, 3], memory.ToArray());
        Assert.Equal([4, 5], readOnly.ToArray());
        Assert.Equal("b", Assert.Single(segment));
    }

    [Fact]
    public void Deserialize_BitArray_KeepsItsBits()
    {
        var copy = RoundTrip(new BitArray([true, false, true]));

        bool[] bits = [.. copy.Cast<bool>()];
        Assert.Equal([true, false, true], bits[..3]);
        Assert.Equal(Differences.BitArraysAndNameValuesChange ? 8 : 3, bits.Length);
        Assert.DoesNotContain(true, bits[3..]);
    }

    [Fact]
    public void Deserialize_NameValueCollection_KeepsEveryValue()
    {
        var value = new NameValueCollection { { "a", "1" }, { "a", "2" }, { "b", "3" } };

        var copy = RoundTrip(value);

        Assert.Equal(Differences.BitArraysAndNameValuesChange ? ["1,2"] : ["1", "2"], copy.GetValues("a")!);
        Assert.Equal("3", copy["b"]);
    }

    [Fact]
    public void Deserialize_Frozen_HasSameElements()
    {
        var set = RoundTrip(new[] { "a", "b" }.ToFrozenSet());
        var dictionary = RoundTrip(new Dictionary<string, int> { ["a"] = 1 }.ToFrozenDictionary());

        Assert.True(set.SetEquals(["a", "b"]));
        Assert.Equal(1, dictionary["a"]);
    }

    [Fact]
    public void Deserialize_CollectionWithComparer_KeepsComparer()
    {
        var dictionary = RoundTrip(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["Key"] = 1 });
        var set = RoundTrip(new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "Key" });

        Assert.Equal(1, dictionary["KEY"]);
        Assert.Contains("kEY", set);
    }

    [Fact]
    public void Deserialize_Record_IsEqual()
    {
        var order = new Order(long.MaxValue, "Ada", new Point(int.MinValue, int.MaxValue), 0.1, ["a", "b"]);

        var copy = RoundTrip(order);

        Assert.Equal(order with { Lines = copy.Lines }, copy);
        Assert.Equal(order.Lines, copy.Lines);
    }

    [Fact]
    public void Deserialize_PositionalRecord_HasParametersAndBody()
    {
        var copy = RoundTrip(new Positional(1, "two") { Body = 3 });

        Assert.Equal(new Positional(1, "two") { Body = 3 }, copy);
    }

    [Fact]
    public void Deserialize_PrivateAndReadOnlyMembers_AreRestored()
    {
        var copy = RoundTrip(new Secretive(1, "two") { Transient = 9 }.WithSum(3));

        Assert.Equal((1, "two!", 3L, 7, 0), (copy.Number, copy.Text, copy.Sum, copy.GetOnly, copy.Transient));
    }

    [Fact]
    public void Deserialize_TypeWithDefaultConstructor_RunsItAndKeepsNulls()
    {
        var before = WithDefaults.Constructed;
        var bytes = _serializer.SerializeToArray(new WithDefaults { Number = 0, Text = null });

        var copy = _serializer.Deserialize<WithDefaults>(bytes)!;

        Assert.Equal((0, null), (copy.Number, copy.Text));
        Assert.Equal(before + 2, WithDefaults.Constructed);
    }

    [Fact]
    public void Deserialize_DerivedTypeInBaseMember_KeepsTypeAndEachLevel()
    {
        var box = new Box<Shape> { Value = new Ring { Name = "ring", Radius = 2, InnerRadius = 1 } };

        var ring = Assert.IsType<Ring>(RoundTrip(box).Value);

        Assert.Equal(("ring", 2.0, 1.0), (ring.Name, ring.Radius, ring.InnerRadius));
    }

    [Fact]
    public void Deserialize_CyclicGraph_KeepsIdentity()
    {
        var first = new Node { Name = "first" };
        var second = new Node { Name = "second", Next = first };
        first.Next = second;
        first.Others.AddRange([first, second, second]);

        var copy = RoundTrip(first);

        Assert.Same(copy, copy.Next!.Next);
        Assert.Equal([copy, copy.Next, copy.Next], copy.Others);
    }

    [Fact]
    public void Deserialize_ArrayTwice_IsOneArray()
    {
        var numbers = new[] { 1, 2 };

        var copy = RoundTrip(new Box<int[][]> { Value = [numbers, numbers] }).Value!;

        Assert.Same(copy[0], copy[1]);
    }

    [Fact]
    public void Deserialize_GenericInObject_KeepsType()
    {
        var copy = RoundTrip<object>(new Dictionary<string, Box<Point>[]> { ["a"] = [new Box<Point> { Value = new Point(1, 2) }] });

        Assert.Equal(new Point(1, 2), Assert.IsType<Dictionary<string, Box<Point>[]>>(copy)["a"][0].Value);
    }

    [Fact]
    public void Deserialize_CollectionsMessage_HasAll()
    {
        var value = new Collections
        {
            List = [1, 2],
            Dictionary = { ["a"] = new Point(1, 2) },
            Immutable = [1, 2, 3],
            Set = ["x"],
            Bytes = [1, 2, 3],
            Anything = new List<object> { 1, "two", Level.Low },
        };

        var copy = RoundTrip(value);

        Assert.Equal(value.List, copy.List);
        Assert.Equal(value.Dictionary, copy.Dictionary);
        Assert.Equal<long>(value.Immutable, copy.Immutable);
        Assert.Equal(value.Set, copy.Set);
        Assert.Equal(value.Bytes, copy.Bytes);
        Assert.Equal([1, "two", Level.Low], Assert.IsType<List<object>>(copy.Anything));
    }

    [Fact]
    public void Deserialize_LinqResultInInterface_IsList()
    {
        var box = new Box<IEnumerable<int>> { Value = Enumerable.Range(0, 5).Where(number => number % 2 == 0) };

        var copy = RoundTrip(box).Value;

        Assert.Equal([0, 2, 4], Assert.IsType<List<int>>(copy));
    }

    [Fact]
    public void Deserialize_ForeignTypeWithConverter_IsConverted()
    {
        var copy = RoundTrip(new Box<Foreign> { Value = new Foreign("text") });

        Assert.Equal("text", copy.Value!.Text);
    }

    [Fact]
    public void Deserialize_Null_IsNull()
    {
        Assert.Null(RoundTrip<Order?>(null));
        Assert.Null(RoundTrip<int?>(null));
        Assert.Null(RoundTrip<string?>(null));
        Assert.Null(RoundTrip<object?>(null));
    }

    [Fact]
    public void Serialize_UnmarkedType_ThrowsCodecNotFound()
    {
        var inMember = Assert.Throws<CodecNotFoundException>(() => _serializer.SerializeToArray(new Box<object> { Value = new Unmarked() }));
        var asRoot = Assert.Throws<CodecNotFoundException>(() => _serializer.SerializeToArray(new Unmarked()));

        Assert.StartsWith($"Could not find a codec for type {typeof(Unmarked)}", inMember.Message, StringComparison.Ordinal);
        Assert.StartsWith($"Could not find a codec for type {typeof(Unmarked)}", asRoot.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Serialize_Delegate_ThrowsCodecNotFound()
    {
        Assert.Throws<CodecNotFoundException>(() => _serializer.SerializeToArray<object>(() => { }));
    }

    [Fact]
    public void CanSerialize_MarkedAndUnmarked_TellsApart()
    {
        Assert.True(_serializer.CanSerialize<Order>());
        Assert.False(_serializer.CanSerialize<Unmarked>());
    }

    [Fact]
    public void Deserialize_EverySource_IsEqual()
    {
        var point = new Point(5, 6);
        var typed = _services.GetRequiredService<Serializer<Point>>();
        using var stream = new MemoryStream();
        var writer = new System.Buffers.ArrayBufferWriter<byte>();

        typed.Serialize(point, stream);
        _serializer.Serialize(point, writer);
        stream.Position = 0;

        Assert.Equal(point, typed.Deserialize(stream));
        Assert.Equal(point, typed.Deserialize(writer.WrittenMemory));
        Assert.Equal(point, typed.Deserialize(writer.WrittenSpan));
        Assert.Equal(point, typed.Deserialize(new System.Buffers.ReadOnlySequence<byte>(writer.WrittenMemory)));
        Assert.Equal(point, typed.Deserialize(typed.SerializeToArray(point)));
    }

    private T RoundTrip<T>(T value) => _serializer.Deserialize<T>(_serializer.SerializeToArray(value))!;
}
