using System.Buffers;
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.Specialized;
using System.Globalization;
using System.Linq.Expressions;
using System.Net;
using System.Text;
using System.Text.Json;
using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Dpark.Conformance.Serialization;

/// <summary>The types that need no attribute, and those that are refused, in both ways that a value takes: through bytes and through a copy.</summary>
public sealed class BuiltInTypeTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly Serializer _serializer;
    private readonly DeepCopier _copier;

    public BuiltInTypeTests()
    {
        _serializer = _services.GetRequiredService<Serializer>();
        _copier = _services.GetRequiredService<DeepCopier>();
    }

    /// <summary>Values that are equal to what they travel as.</summary>
    public static TheoryData<object> Values =>
    [
        double.NaN, double.NegativeInfinity, -0.0, float.Epsilon, decimal.MinusOne, Half.NaN, DateTime.MinValue, DateTime.MaxValue, DateTimeOffset.MaxValue, TimeSpan.MaxValue,
        DateOnly.MaxValue, TimeOnly.MaxValue, Guid.Empty, '\0', "\0", ValueTuple.Create(1), (1, 2), (1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5, 6, 7),
        (1, "2", 3, 4, 5, 6, 7, 8, 9, 10), Tuple.Create(1), Tuple.Create(1, 2, 3), Tuple.Create(1, 2, 3, 4), Tuple.Create(1, 2, 3, 4, 5), Tuple.Create(1, 2, 3, 4, 5, 6),
        Tuple.Create(1, 2, 3, 4, 5, 6, 7), Tuple.Create(1, 2, 3, 4, 5, 6, 7, 8), CultureInfo.InvariantCulture, CultureInfo.InvariantCulture.CompareInfo,
        new Version(1, 2), new Version(1, 2, 3, 4), new Uri("http://h"), new IPEndPoint(IPAddress.IPv6Loopback, 1), typeof(List<>), typeof(Dictionary<string, int[]>), typeof(int[,]), typeof(Order),
        GrainId.Create("type", "key"), GrainType.Create("type"), IdSpan.Create("span"), SiloAddress.New(IPAddress.Loopback, 11_111, 7), new MembershipVersion(8), ActivationId.NewId(),
        GrainInterfaceType.Create("interface"), ImmutableArray<int>.Empty,
    ];

    /// <summary>Sequences that travel as the same type.</summary>
    public static TheoryData<object> Sequences =>
    [
        new[] { 1.5, double.NaN }, new[] { 1.5f }, new sbyte[] { -1 }, new short[] { -1 }, new ushort[] { 1 }, new uint[] { 1 }, new long[] { long.MinValue }, new ulong[] { ulong.MaxValue },
        new[] { 'a', 'é' }, new[] { Guid.Empty }, new[] { DateTime.UnixEpoch }, new[] { TimeSpan.Zero }, new[] { (1, "a") }, new int?[] { 1, null }, new byte[100_000],
        new[] { typeof(int), typeof(string) }, new[] { new Uri("a", UriKind.Relative) }, new object?[] { null, 1, "two" },
        new SortedList<string, int> { ["b"] = 2, ["a"] = 1 }, new SortedSet<string> { "b", "a" }, new ConcurrentDictionary<string, int>([new("a", 1)]), new Dictionary<int, string?> { [1] = null },
        new Dictionary<(int, string), List<int>> { [(1, "a")] = [1, 2] }, new List<object> { 1, "two" }, new List<int?> { null, 1 }, new HashSet<Guid> { Guid.Empty }, new Queue<string>(["a"]),
        new ConcurrentQueue<string>(["a"]), new ArrayList(), new List<int>(), new Dictionary<string, int>(), ImmutableArray<string>.Empty, ImmutableList<int>.Empty,
        ImmutableDictionary<string, int>.Empty, ImmutableQueue<string>.Empty,
    ];

    /// <summary>What cannot travel.</summary>
    public static TheoryData<object> Refused =>
    [
        (Action)(() => { }), new MemoryStream(), Task.CompletedTask, Task.FromResult(1), new LinkedList<int>([1]), new StringBuilder("text"), new ReadOnlySequence<byte>([1]),
        JsonDocument.Parse("[1]").RootElement, (Expression<Func<int>>)(() => 1), new CancellationTokenSource(), new PriorityQueue<int, int>(), new Unmarked(), new Lazy<int>(1), new Thread(() => { }),
    ];

    public void Dispose() => _services.Dispose();

    [Theory]
    [MemberData(nameof(Values))]
    public void Value_ThroughBytesAndCopy_IsEqual(object value)
    {
        var read = RoundTrip(value);
        var copied = _copier.Copy(value);

        Assert.Equal(value, read);
        Assert.Equal(value, copied);
        Assert.IsType(read.GetType(), value, exactMatch: false);
    }

    [Theory]
    [MemberData(nameof(Sequences))]
    public void Sequence_ThroughBytesAndCopy_HasSameTypeAndElements(object value)
    {
        foreach (var copy in new[] { RoundTrip(value), _copier.Copy(value) })
        {
            Assert.Equal(value.GetType(), copy.GetType());
            Assert.Equal(((IEnumerable)value).Cast<object?>(), ((IEnumerable)copy).Cast<object?>());
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void RefusedValue_ThroughBytesAndCopy_ThrowsCodecNotFoundAndNamesTheType(object value)
    {
        var written = Assert.Throws<CodecNotFoundException>(() => _serializer.SerializeToArray(value));
        var copied = Assert.Throws<CodecNotFoundException>(() => _copier.Copy(value));

        Assert.Contains(value.GetType().Name.Split('`')[0], written.Message, StringComparison.Ordinal);
        Assert.Contains(value.GetType().Name.Split('`')[0], copied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Array_OfEachShape_IsEqual()
    {
        var cube = new int[2, 3, 4];
        cube[1, 2, 3] = 7;
        int[][] jagged = [[1], [], [2, 3]];
        var grids = new string[][,] { new[,] { { "a", "b" } } };

        Assert.Equal(cube, RoundTrip(cube));
        Assert.Equal(cube, _copier.Copy(cube));
        Assert.Equal(jagged, RoundTrip(jagged));
        Assert.Equal(jagged, _copier.Copy(jagged));
        Assert.Equal(grids[0], RoundTrip(grids)[0]);
        Assert.Equal(new int[0, 5], RoundTrip(new int[0, 5]));
    }

    [Fact]
    public void Nullable_WithAndWithoutValue_IsEqual()
    {
        Assert.Equal(5, RoundTrip<int?>(5));
        Assert.Equal(new Point(1, 2), RoundTrip<Point?>(new Point(1, 2)));
        Assert.Equal(Level.High, RoundTrip<Level?>(Level.High));
        Assert.Null(RoundTrip<DateTime?>(null));
        Assert.Null(_copier.Copy<Point?>(null));
        Assert.Equal((1, null), RoundTrip<(int, int?)>((1, null)));
    }

    [Theory]
    [InlineData(DateTimeKind.Unspecified)]
    [InlineData(DateTimeKind.Utc)]
    [InlineData(DateTimeKind.Local)]
    public void DateTime_OfEachKind_KeepsIt(DateTimeKind kind)
    {
        var value = new DateTime(2026, 7, 1, 12, 0, 0, kind).AddTicks(1);

        var copy = RoundTrip(value);

        Assert.Equal((value, kind), (copy, copy.Kind));
    }

    [Fact]
    public void Comparer_OfEachKnownKind_IsKept()
    {
        StringComparer[] comparers =
        [
            StringComparer.Ordinal, StringComparer.OrdinalIgnoreCase, StringComparer.InvariantCulture, StringComparer.InvariantCultureIgnoreCase,
            StringComparer.Create(CultureInfo.InvariantCulture, ignoreCase: true),
        ];
        foreach (var comparer in comparers)
        {
            var isKept = comparer.Equals("a", "A");

            Assert.Equal(isKept, RoundTrip(new Dictionary<string, int>(comparer) { ["a"] = 1 }).ContainsKey("A"));
            Assert.Equal(isKept, RoundTrip(new HashSet<string>(comparer) { "a" }).Contains("A"));
            Assert.Equal(isKept, _copier.Copy(new Dictionary<string, int>(comparer) { ["a"] = 1 }).ContainsKey("A"));
            Assert.Equal(isKept, RoundTrip(ImmutableDictionary.Create<string, int>(comparer).Add("a", 1)).ContainsKey("A"));
            Assert.Equal(isKept, RoundTrip(new SortedSet<string>(comparer) { "a" }).Contains("A"));
            Assert.Equal(isKept, RoundTrip(new SortedDictionary<string, int>(comparer) { ["a"] = 1 }).ContainsKey("A"));
            Assert.Equal(isKept, RoundTrip(new ConcurrentDictionary<string, int>(comparer) { ["a"] = 1 }).ContainsKey("A"));
        }
    }

    [Fact]
    public void Collection_InMemberOfInterfaceType_IsACollectionWithItsElements()
    {
        IEnumerable<int>[] values = [Enumerable.Range(1, 3), new[] { 1, 2, 3 }, new List<int> { 1, 2, 3 }, ImmutableList.Create(1, 2, 3)];
        foreach (var value in values)
        {
            Assert.Equal([1, 2, 3], RoundTrip(new Box<IEnumerable<int>> { Value = value }).Value!);
        }

        Assert.Equal([1, 2], RoundTrip(new Box<IReadOnlyList<int>> { Value = [1, 2] }).Value!);
        Assert.Equal([1, 2], RoundTrip(new Box<IList<int>> { Value = [1, 2] }).Value!);
        Assert.Equal(1, RoundTrip(new Box<IDictionary<string, int>> { Value = new Dictionary<string, int> { ["a"] = 1 } }).Value!["a"]);
        Assert.Equal(1, RoundTrip(new Box<IReadOnlyDictionary<string, int>> { Value = new Dictionary<string, int> { ["a"] = 1 } }).Value!["a"]);
        Assert.Contains("a", RoundTrip(new Box<ISet<string>> { Value = new HashSet<string> { "a" } }).Value!);
    }

    [Fact]
    public void Enum_WithoutAttribute_IsEqualWhereItsTypeIsKnown()
    {
        Assert.Equal(ConsoleColor.Red, RoundTrip(ConsoleColor.Red));
        if (Differences.UnmarkedEnumsInObjectsAreNumbers)
        {
            Assert.Equal(12, RoundTrip<object>(ConsoleColor.Red));
        }
        else
        {
            Assert.Throws<CodecNotFoundException>(() => RoundTrip<object>(ConsoleColor.Red));
        }
    }

    [Fact]
    public void ImmutableArray_Default_IsDefault() => Assert.True(RoundTrip(default(ImmutableArray<int>)).IsDefault);

    [Fact]
    public void Stack_ThroughBytesAndCopy_KeepsItsOrder()
    {
        var stack = new Stack<int>([1, 2, 3]);

        Assert.Equal([3, 2, 1], RoundTrip(stack).ToArray());
        Assert.Equal([3, 2, 1], _copier.Copy(stack).ToArray());
        Assert.Equal([3, 2, 1], RoundTrip(ImmutableStack.Create(1, 2, 3)).ToArray());
    }

    [Fact]
    public void BitVector_AndNames_AreEqual()
    {
        var names = new NameValueCollection { { "a", "1" }, { "b", null } };

        var copy = RoundTrip(names);

        Assert.Equal("a b", string.Join(' ', copy.AllKeys));
        Assert.Equal(("1", null), (copy["a"], copy["b"]));
        Assert.Equal(new BitVector32(-1), RoundTrip(new BitVector32(-1)));
    }

    [Fact]
    public void MembershipEntry_ThroughBytes_KeepsItsFields()
    {
        var silo = SiloAddress.New(IPAddress.Loopback, 1, 2);
        var entry = new MembershipEntry { SiloAddress = silo, Status = SiloStatus.Active, ProxyPort = 3, SiloName = "name", HostName = "host", RoleName = "role", StartTime = DateTime.UnixEpoch };
        entry.AddSuspector(silo, DateTime.UnixEpoch);

        var copy = RoundTrip(entry);

        Assert.Equal((silo, SiloStatus.Active, 3, "name", "host", "role"), (copy.SiloAddress, copy.Status, copy.ProxyPort, copy.SiloName, copy.HostName, copy.RoleName));
        Assert.Equal(Tuple.Create(silo, DateTime.UnixEpoch), Assert.Single(copy.SuspectTimes!));
    }

    private T RoundTrip<T>(T value) => _serializer.Deserialize<T>(_serializer.SerializeToArray(value))!;
}
