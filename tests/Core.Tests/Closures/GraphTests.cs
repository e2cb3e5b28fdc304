using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Dpark.Closures;

public sealed partial class GraphTests
{
    private static readonly Finalized Kept = new();

    private enum Color : byte
    {
        Red = 1,
        Blue = 200,
    }

    private interface IShape
    {
        string Name { get; }
    }

    [Fact]
    public void Copy_EveryKindOfField_IsKept()
    {
        var value = Everything.Make();

        var copy = Travel.Copy(value);

        Assert.NotSame(value, copy);
        Assert.Equivalent(value, copy, strict: true);
    }

    [Fact]
    public void Copy_BoxedRoots_AreKept()
    {
        foreach (var value in (object[])[1, 2L, 1.5, 'x', true, Color.Blue, 1.25m, "text", "", Guid.NewGuid(), DateTime.UnixEpoch, typeof(List<int>), (1, "a"), new Int128(1, 2), BigInteger.Pow(7, 100)])
        {
            Assert.Equal(value, Travel.Copy(value));
        }
    }

    [Fact]
    public void Copy_Strings_KeepEveryCodeUnit()
    {
        foreach (var text in (string[])["", "a", "äöü€😀", "\0", "\ud800", "x\udc00\ud800y", new string('z', 100_000)])
        {
            Assert.Equal(text, Travel.Copy(text));
        }
    }

    [Fact]
    public void Copy_TypeObjects_AreTheSame()
    {
        foreach (var type in (Type[])[typeof(int), typeof(string[]), typeof(int[,]), typeof(Dictionary<,>), typeof(Dictionary<string, Color[]>), typeof(Everything), typeof(void)])
        {
            Assert.Same(type, Travel.Copy(new Box<Type>(type)).Value);
        }
    }

    [Fact]
    public void Copy_Arrays_KeepShapeAndElements()
    {
        Assert.Equal([1, 2, 3], Travel.Copy<int[]>([1, 2, 3]));
        Assert.Equal(new int[,] { { 1, 2 }, { 3, 4 } }, Travel.Copy(new int[,] { { 1, 2 }, { 3, 4 } }));
        Assert.Equal(new string?[,,] { { { "a", null, "c" } } }, Travel.Copy(new string?[,,] { { { "a", null, "c" } } }));
        Assert.Equal(new (int, string)[,] { { (1, "a") }, { (2, "b") } }, Travel.Copy(new (int, string)[,] { { (1, "a") }, { (2, "b") } }));
        Assert.Equal([[1], [], [2, 3]], Travel.Copy<int[][]>([[1], [], [2, 3]]));
        Assert.Equal([1, null, 3], Travel.Copy<int?[]>([1, null, 3]));
        Assert.Equal([Color.Red, Color.Blue], Travel.Copy<Color[]>([Color.Red, Color.Blue]));
        Assert.Equal([1, "a", null, 2.5], Travel.Copy<object?[]>([1, "a", null, 2.5]));
        Assert.Equal([true, false], Travel.Copy<bool[]>([true, false]));
        var shifted = Array.CreateInstance(typeof(int), [2], [5]);
        shifted.SetValue(9, 6);
        Assert.Equal(9, Travel.Copy(shifted).GetValue(6));
        Assert.IsType<string[]>(Travel.Copy<object>(new Box<object[]>(new string[1])).Let(box => ((Box<object[]>)box).Value));
    }

    [Fact]
    public void Copy_SharedAndCyclicObjects_KeepIdentity()
    {
        var node = new Node { Value = 1 };
        node.Next = new Node { Value = 2, Next = node };
        var array = new object[2];
        array[0] = array;
        array[1] = node;

        var copy = Travel.Copy(array);

        Assert.Same(copy, copy[0]);
        var first = Assert.IsType<Node>(copy[1]);
        Assert.Same(first, first.Next!.Next);
        Assert.Equal(2, first.Next.Value);
    }

    [Fact]
    public void Copy_MillionNodes_NeedsNoStack()
    {
        Node? list = null;
        for (var i = 0; i < 1_000_000; i++)
        {
            list = new Node { Value = i, Next = list };
        }

        var copy = Travel.Copy(list!);

        var count = 0;
        for (var node = copy; node is not null; node = node.Next)
        {
            count++;
            Assert.Equal(1_000_000 - count, node.Value);
        }

        Assert.Equal(1_000_000, count);
    }

    [Fact]
    public void Copy_DeepTables_NeedNoStack()
    {
        object inner = "end";
        for (var i = 0; i < 100_000; i++)
        {
            inner = new List<object> { inner };
        }

        var copy = Travel.Copy(inner);

        var depth = 0;
        while (copy is List<object> list)
        {
            copy = list.Single();
            depth++;
        }

        Assert.Equal(100_000, depth);
    }

    [Fact]
    public void Copy_AnonymousTypesTuplesAndRecords_Work()
    {
        var copy = Travel.Copy(new { A = 1, B = new { C = "c" }, D = (1, "two", Color.Red), E = new Person("Ada", 36) });

        Assert.Equal("c", copy.B.C);
        Assert.Equal((1, "two", Color.Red), copy.D);
        Assert.Equal(new Person("Ada", 36), copy.E);
        Assert.Equal(Tuple.Create(1, "x"), Travel.Copy(Tuple.Create(1, "x")));
    }

    [Fact]
    public void Copy_Interfaces_KeepTheType()
    {
        IShape[] shapes = [new Circle("c"), new Square { Name = "s" }];

        Assert.Equal(["c", "s"], Travel.Copy(shapes).Select(shape => shape.Name));
    }

    [Fact]
    public void Copy_InheritedPrivateFields_AreKept()
    {
        var copy = Travel.Copy(new Derived(1, 2));

        Assert.Equal((1, 2), (copy.FromBase, copy.FromDerived));
    }

    [Fact]
    public void Copy_NonSerializedField_IsLeftOut()
    {
        var copy = Travel.Copy(new Partial { Kept = 1, Dropped = new MemoryStream() });

        Assert.Equal(1, copy.Kept);
        Assert.Null(copy.Dropped);
    }

    [Fact]
    public void Copy_Finalizer_DoesNotRunOnCopies()
    {
        CopyAndForget();

        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.Equal(0, Finalized.Count);

        static void CopyAndForget()
        {
            Travel.Copy(Kept);
        }
    }

    [Fact]
    public void Copy_FrameworkValues_Work()
    {
        Assert.Equal("ab", Travel.Copy(new StringBuilder("a").Append('b')).ToString());
        Assert.Equal(new Version(1, 2, 3), Travel.Copy(new Version(1, 2, 3)));
        Assert.Equal(new Uri("http://x/y?z"), Travel.Copy(new Uri("http://x/y?z")));
        Assert.Equal("y", Travel.Copy(new Uri("y", UriKind.Relative)).OriginalString);
        Assert.Equal(new Random(7).Next(), Travel.Copy(new Random(7)).Next());
        Assert.Equal("b", Travel.Copy(new Regex("[b-c]", RegexOptions.IgnoreCase)).Match("abc").Value);
        Assert.Equal("12", Travel.Copy(Digits()).Match("a12b").Value);
        Assert.Same(CultureInfo.InvariantCulture, Travel.Copy(CultureInfo.InvariantCulture));
        Assert.Equal(3, Travel.Copy(new Lazy<int>(() => 3)).Value);
        Assert.Equal(TimeZoneInfo.Utc, Travel.Copy(TimeZoneInfo.Utc));
        Assert.Equal(XName.Get("a", "n"), Travel.Copy(new XElement(XName.Get("a", "n"), new XAttribute("b", 1))).Name);
        Assert.Equal(System.Net.IPAddress.Loopback, Travel.Copy(System.Net.IPAddress.Loopback));
        Assert.Equal([2, 3], Travel.Copy(new ReadOnlyMemory<int>([1, 2, 3, 4], 1, 2).Let(memory => new Box<ReadOnlyMemory<int>>(memory))).Value.ToArray());
        Assert.Equal([1, 2], Travel.Copy(new ArraySegment<int>([0, 1, 2], 1, 2).Let(segment => new Box<ArraySegment<int>>(segment))).Value);
    }

    [Fact]
    public void Copy_Encodings_BehaveTheSame()
    {
        foreach (var encoding in (Encoding[])[Encoding.UTF8, new UTF8Encoding(false, true), Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32, Encoding.ASCII, Encoding.Latin1])
        {
            var copy = Travel.Copy(encoding);

            Assert.Equal(encoding.GetBytes("aé"), copy.GetBytes("aé"));
            Assert.Equal(encoding.GetPreamble(), copy.GetPreamble());
        }

        Assert.Throws<DecoderFallbackException>(() => Travel.Copy(new UTF8Encoding(false, true)).GetString([0xFF]));
    }

    [Fact]
    public void Copy_ChangedCulture_KeepsTheChange()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = "!";

        Assert.Equal("1!5", 1.5.ToString(Travel.Copy(culture)));
    }

    [Fact]
    public void Copy_Singletons_StayTheSame()
    {
        foreach (var value in (object[])
            [
                StringComparer.Ordinal, StringComparer.OrdinalIgnoreCase, EqualityComparer<string>.Default, EqualityComparer<Person>.Default, Comparer<int>.Default,
                DBNull.Value, TimeProvider.System, ReferenceEqualityComparer.Instance,
            ])
        {
            Assert.Same(value, Travel.Copy(value));
        }
    }

    [Fact]
    public void Serialize_SameGraphTwice_GivesTheSameBytes()
    {
        Assert.Equal(Bytes(), Bytes());

        static byte[] Bytes() => new ClosureSerializer().Serialize(Everything.Make(), null).Bytes;
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();

    private sealed class Everything
    {
        public static Everything Make() => new()
        {
            Bool = true,
            SByte = -1,
            Byte = 2,
            Int16 = -3,
            UInt16 = 4,
            Int32 = -5,
            UInt32 = 6,
            Int64 = -7,
            UInt64 = 8,
            Single = 1.5f,
            Double = -2.5,
            Char = 'ß',
            Decimal = 12345678901234567890.123m,
            Text = "text",
            Color = Color.Blue,
            When = new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Local),
            Span = TimeSpan.FromTicks(5),
            Offset = new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)),
            Guid = new Guid("11223344-5566-7788-9900-aabbccddeeff"),
            Date = new DateOnly(2024, 2, 29),
            Time = new TimeOnly(1, 2),
            Maybe = 5,
            MaybeDate = null,
            MaybePair = (1, "x"),
            Pair = (1, "y", [2.5]),
            Boxed = 7,
            Half = (Half)1.5,
            Wide = UInt128.MaxValue,
            Complex = new Complex(1, 2),
            Item = new KeyValuePair<string, Node>("k", new Node { Value = 3 }),
            Range = 1..^2,
        };

        public bool Bool { get; init; }

        public sbyte SByte { get; init; }

        public byte Byte { get; init; }

        public short Int16 { get; init; }

        public ushort UInt16 { get; init; }

        public int Int32 { get; init; }

        public uint UInt32 { get; init; }

        public long Int64 { get; init; }

        public ulong UInt64 { get; init; }

        public float Single { get; init; }

        public double Double { get; init; }

        public char Char { get; init; }

        public decimal Decimal { get; init; }

        public string? Text { get; init; }

        public string? Null { get; init; }

        public Color Color { get; init; }

        public DateTime When { get; init; }

        public TimeSpan Span { get; init; }

        public DateTimeOffset Offset { get; init; }

        public Guid Guid { get; init; }

        public DateOnly Date { get; init; }

        public TimeOnly Time { get; init; }

        public int? Maybe { get; init; }

        public DateTime? MaybeDate { get; init; }

        public (int, string)? MaybePair { get; init; }

        public (int A, string B, double[] C) Pair { get; init; }

        public object? Boxed { get; init; }

        public Half Half { get; init; }

        public UInt128 Wide { get; init; }

        public Complex Complex { get; init; }

        public KeyValuePair<string, Node> Item { get; init; }

        public Range Range { get; init; }
    }

    private sealed record Box<T>(T Value);

    private sealed class Node
    {
        public int Value { get; init; }

        public Node? Next { get; set; }
    }

    private sealed record Person(string Name, int Age);

    private sealed record Circle(string Name) : IShape;

    private struct Square : IShape
    {
        public string Name { get; init; }
    }

    private class Base(int value)
    {
        private readonly int _value = value;

        public int FromBase => _value;
    }

    private sealed class Derived(int value, int own) : Base(value)
    {
        private readonly int _value = own;

        public int FromDerived => _value;
    }

    private sealed class Partial
    {
        [NonSerialized]
        public object? Dropped;

        public int Kept;
    }

    private sealed class Finalized
    {
        public static int Count;

        ~Finalized() => Interlocked.Increment(ref Count);
    }
}

internal static class Pipe
{
    public static TOut Let<TIn, TOut>(this TIn value, Func<TIn, TOut> then) => then(value);
}
