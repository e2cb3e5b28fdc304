using System.Collections.Immutable;
using System.Numerics;
using System.Text;

namespace Dpark.Codecs;

/// <summary>What goes in comes out, for every kind of type.</summary>
public sealed class RecordCodecTests
{
    private enum Color : byte
    {
        Red,
        Blue = 200,
    }

    [Fact]
    public void RoundTrip_Numbers_KeepEveryBit()
    {
        AssertRoundTrip<bool>([true, false]);
        AssertRoundTrip<char>(['a', '\uD800', '\0']);
        AssertRoundTrip<sbyte>([-128, 127]);
        AssertRoundTrip<byte>([0, 255]);
        AssertRoundTrip<short>([short.MinValue, 1]);
        AssertRoundTrip<ushort>([0, ushort.MaxValue]);
        AssertRoundTrip<int>([int.MinValue, 0, int.MaxValue]);
        AssertRoundTrip<uint>([0, uint.MaxValue]);
        AssertRoundTrip<long>([long.MinValue, 0, long.MaxValue]);
        AssertRoundTrip<ulong>([0, ulong.MaxValue]);
        AssertRoundTrip<Half>([Half.NaN, (Half)1.5]);
        AssertRoundTrip<float>([float.NaN, float.NegativeInfinity, 1.5f]);
        AssertRoundTrip<double>([double.NaN, -0.0, double.Epsilon]);
        AssertRoundTrip<decimal>([decimal.MinValue, 1.000m, 0m, -0.0000000000000000000000000001m]);
        AssertRoundTrip<Int128>([Int128.MinValue, 1]);
        AssertRoundTrip<UInt128>([UInt128.MaxValue]);
        AssertRoundTrip<BigInteger>([0, -1, BigInteger.Pow(7, 500)]);
        AssertRoundTrip<Color>([Color.Red, Color.Blue, (Color)77]);
        AssertRoundTrip<Complex>([new(1, -2)]);
    }

    [Fact]
    public void RoundTrip_Times_KeepKindAndOffset()
    {
        var local = new DateTime(2026, 10, 25, 2, 30, 0, DateTimeKind.Local);
        AssertRoundTrip<DateTime>([DateTime.MinValue, DateTime.MaxValue, local, new(1, DateTimeKind.Utc)]);
        AssertRoundTrip<DateTimeOffset>([DateTimeOffset.MinValue, DateTimeOffset.MaxValue, new(2026, 1, 1, 0, 0, 0, TimeSpan.FromMinutes(-570))]);
        AssertRoundTrip<TimeSpan>([TimeSpan.MinValue, TimeSpan.MaxValue]);
        AssertRoundTrip<DateOnly>([DateOnly.MinValue, DateOnly.MaxValue]);
        AssertRoundTrip<TimeOnly>([TimeOnly.MinValue, TimeOnly.MaxValue]);

        var decoded = RoundTrip<DateTime>([local]);

        Assert.Equal(DateTimeKind.Local, decoded[0].Kind);
    }

    [Fact]
    public void RoundTrip_OtherSimpleTypes_AreKept()
    {
        AssertRoundTrip<Guid>([Guid.Empty, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")]);
        AssertRoundTrip<Rune>([new('a'), new(0x1F600)]);
        AssertRoundTrip<Uri?>([null, new("https://example.org/a%20b?c#d"), new("relative/path", UriKind.Relative)]);
        AssertRoundTrip<Version?>([null, new(1, 2), new(1, 2, 3, 4)]);
        AssertRoundTrip<Index>([^1, 5]);
        AssertRoundTrip<Range>([1..^1]);
        AssertRoundTrip<ValueTuple>([default, default]);
    }

    [Fact]
    public void RoundTrip_Strings_KeepEveryCharacter()
    {
        AssertRoundTrip<string?>([]);
        AssertRoundTrip<string?>([null]);
        AssertRoundTrip<string?>([""]);
        AssertRoundTrip<string?>(["a", null, "", "\0", "über", "中文", "\U0001F600", "end"]);
        AssertRoundTrip<string?>(["\uD800", "a\uDC00b", "\uDC00\uD800", "x\uD83D", "\uD83D\uDE00 and \uDE00"]);
        AssertRoundTrip<string?>([.. Enumerable.Range(0, 700).Select(length => new string('é', length))]);
        AssertRoundTrip<string?>([new string('a', 84), new string('\uFFFF', 85), new string('z', 70_000), new string('\uD800', 300_000)]);
    }

    [Fact]
    public void RoundTrip_Tuples_OfAnyArity()
    {
        AssertRoundTrip<ValueTuple<int>>([new(1), new(2)]);
        AssertRoundTrip<(string?, long)>([("a", 1), (null, 2)]);
        AssertRoundTrip<(int, string, double)>([(1, "a", 2.5)]);
        AssertRoundTrip<(int, int, int, int, int, int, int)>([(1, 2, 3, 4, 5, 6, 7)]);
        AssertRoundTrip<(int, int, int, int, int, int, int, string, (byte, bool))>([(1, 2, 3, 4, 5, 6, 7, "8", (9, true))]);
        AssertRoundTrip<(string, (string, (string, int)))>([("a", ("b", ("c", 1)))]);
        AssertRoundTrip<Tuple<int, string?>?>([Tuple.Create(1, (string?)"a"), null, Tuple.Create(2, (string?)null)]);
        AssertRoundTrip<KeyValuePair<string, int>>([new("a", 1)]);
    }

    [Fact]
    public void RoundTrip_Nullables_KeepWhichAreThere()
    {
        AssertRoundTrip<int?>([1, null, 3]);
        AssertRoundTrip<int?>([null, null]);
        AssertRoundTrip<int?>([1, 2]);
        AssertRoundTrip<(string, int)?>([("a", 1), null]);
        AssertRoundTrip<bool?>([.. Enumerable.Range(0, 1000).Select(i => i % 3 == 0 ? (bool?)null : i % 3 == 1)]);
    }

    [Fact]
    public void RoundTrip_Arrays_KeepNullsAndLengths()
    {
        AssertSequences<int[]?, int>([[1, 2], null, [], [.. Enumerable.Range(0, 10_000)]]);
        AssertSequences<string?[]?, string?>([["a", null], null, [], [.. Enumerable.Range(0, 9_000).Select(i => $"{i}")], ["end"]]);
        AssertSequences<List<int>?, int>([[1, 2], null, []]);
        AssertSequences<List<string>?, string>([["a", "b"], null, [], [.. Enumerable.Range(0, 4096).Select(i => $"{i}")]]);
        AssertSequences<byte[][], byte[]>([[[1], [2, 3]], []]);
        AssertSequences<(string, int)[], (string, int)>([[("a", 1), ("b", 2)], []]);
    }

    [Fact]
    public void RoundTrip_ManySmallArrays_CrossRuns()
    {
        string[][] records = [.. Enumerable.Range(0, 1024).Select(i => Enumerable.Range(0, i % 23).Select(j => $"{i}.{j}").ToArray())];

        Assert.Equal(records, RoundTrip<string[]>(records));
    }

    [Fact]
    public void RoundTrip_ImmutableArrays_KeepTheDefault()
    {
        var decoded = RoundTrip<ImmutableArray<string>>([["a"], default, []]);

        Assert.Equal(["a"], decoded[0].ToArray());
        Assert.True(decoded[1].IsDefault);
        Assert.False(decoded[2].IsDefault);
        Assert.Empty(decoded[2]);
    }

    [Fact]
    public void RoundTrip_Dictionaries_KeepComparer()
    {
        Dictionary<string, int[]> ignoreCase = new(StringComparer.OrdinalIgnoreCase) { ["A"] = [1], ["b"] = [] };

        var decoded = RoundTrip<Dictionary<string, int[]>?>([new() { ["x"] = [1, 2] }, null, [], ignoreCase]);

        Assert.Equal([1, 2], decoded[0]!["x"]);
        Assert.Null(decoded[1]);
        Assert.Empty(decoded[2]!);
        Assert.Equal([1], decoded[3]!["a"]);
        Assert.False(decoded[0]!.ContainsKey("X"));
    }

    [Fact]
    public void RoundTrip_Sets_KeepElements()
    {
        var decoded = RoundTrip<HashSet<string?>?>([["a", null], null, [], new(StringComparer.OrdinalIgnoreCase) { "Q" }]);

        Assert.Equal(2, decoded[0]!.Count);
        Assert.Contains(null, decoded[0]!);
        Assert.Null(decoded[1]);
        Assert.Contains("q", decoded[3]!);
    }

    [Fact]
    public void RoundTrip_LargeCollections_CrossRuns()
    {
        Dictionary<string, long> large = Enumerable.Range(0, 20_000).ToDictionary(i => $"key-{i}", i => (long)i);

        var decoded = RoundTrip<Dictionary<string, long>>([large, []]);

        Assert.Equal(large, decoded[0]);
    }

    [Fact]
    public void Encode_DictionaryWithOtherComparer_IsRefused()
    {
        Dictionary<string, int> dictionary = new(StringComparer.InvariantCultureIgnoreCase);

        var error = Assert.Throws<UnsupportedRecordTypeException>(() => RecordBlock.Encode<Dictionary<string, int>>([dictionary]));

        Assert.Contains("comparer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RoundTrip_RecordsAndClasses_KeepPrivateAndInheritedFields()
    {
        AssertRoundTrip<Person?>([new("a", 1), null, new(null, 2)]);
        AssertRoundTrip<Employee?>([new("a", 1, Color.Blue), null]);
        AssertRoundTrip<Point>([new(1, 2.5)]);

        var decoded = RoundTrip<Account>([new(10), new(20)]);

        Assert.Equal([10m, 20m], decoded.Select(account => account.Balance));
        Assert.All(decoded, account => Assert.Null(account.Cache));
    }

    [Fact]
    public void RoundTrip_AnonymousTypes_AreKept()
    {
        var records = new[] { new { Name = "a", Pair = (1, "x") }, new { Name = "b", Pair = (2, "y") }, null };

        Assert.Equal(records, RoundTrip(records));
    }

    [Fact]
    public void RoundTrip_NestedRecords_KeepNulls()
    {
        AssertRoundTrip<Order>([new("1", null, []), new("2", new("c", 3), [new("d", 4), null])]);
    }

    [Fact]
    public void RoundTrip_Tree_KeepsItsShape()
    {
        Tree tree = new(1, [new(2, []), new(3, [new(4, [])]), null]);

        var decoded = RoundTrip<Tree>([tree, new(5, [])]);

        Assert.Equal(4, decoded[0].Children[1]!.Children[0]!.Value);
        Assert.Null(decoded[0].Children[2]);
        Assert.Equal(5, decoded[1].Value);
    }

    [Fact]
    public void Encode_CycleOrLongChain_SaysSo()
    {
        Chain cycle = new();
        cycle.Next = cycle;
        Chain? chain = null;
        for (var i = 0; i < 100_000; i++)
        {
            chain = new Chain { Next = chain };
        }

        var error = Assert.Throws<InvalidOperationException>(() => RecordBlock.Encode<Chain>([cycle]));
        Assert.Throws<InvalidOperationException>(() => RecordBlock.Encode<Chain>([chain!]));

        Assert.Contains("to itself", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RoundTrip_SharedObject_ArrivesTwice()
    {
        Person shared = new("a", 1);

        var decoded = RoundTrip<Person>([shared, shared]);

        Assert.Equal(decoded[0], decoded[1]);
        Assert.NotSame(decoded[0], decoded[1]);
    }

    [Fact]
    public void Encode_DerivedInstance_IsRefused()
    {
        var member = Assert.Throws<UnsupportedRecordTypeException>(() => RecordBlock.Encode<Person>([new Employee("a", 1, Color.Red)]));
        Assert.Throws<UnsupportedRecordTypeException>(() => RecordBlock.Encode<object[]>([new string[1]]));
        Assert.Throws<UnsupportedRecordTypeException>(() => RecordBlock.Encode<Person[]>([new Employee[1]]));

        Assert.Contains("Employee", member.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RoundTrip_EmptyClassAndStruct_KeepCount()
    {
        Assert.Equal(3, RoundTrip<EmptyStruct>([default, default, default]).Length);
        Assert.Equal([true, false, true], RoundTrip<EmptyClass?>([new(), null, new()]).Select(value => value is not null));
        Assert.Equal(5, RoundTrip<EmptyStruct[]>([new EmptyStruct[5]])[0].Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(1024)]
    public void RoundTrip_AnyBatchLength_KeepsNullMarks(int count)
    {
        Person?[] records = [.. Enumerable.Range(0, count).Select(i => i % 5 == 4 ? null : new Person($"{i}", i))];

        AssertRoundTrip(records);
    }

    private static void AssertSequences<TSequence, T>(TSequence[] records)
        where TSequence : IEnumerable<T>?
    {
        var decoded = RoundTrip(records);

        Assert.Equal(records.Length, decoded.Length);
        for (var i = 0; i < records.Length; i++)
        {
            Assert.Equal(records[i], decoded[i]);
            Assert.Equal(records[i]?.GetType(), decoded[i]?.GetType());
        }
    }

    private static void AssertRoundTrip<T>(T[] records) => Assert.Equal(records, RoundTrip(records));

    private static T[] RoundTrip<T>(T[] records)
    {
        Assert.True(RecordCodec.MemoryBytes<T>(records) >= 0);
        return [.. RecordBlockTests.ReadAll<T>(RecordBlock.Encode<T>(records))];
    }

    private record Person(string? Name, int Age);

    private sealed record Employee(string? Name, int Age, Color Color) : Person(Name, Age);

    private readonly record struct Point(int X, double Y);

    private sealed record Order(string Id, Person? Customer, Person?[] Items)
    {
        public bool Equals(Order? other) => other is not null && Id == other.Id && Customer == other.Customer && Items.SequenceEqual(other.Items);

        public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);
    }

    private sealed class Account
    {
        private readonly decimal _balance;

        public Account(decimal balance)
        {
            _balance = balance;
            Cache = new object();
        }

        [field: NonSerialized]
        public object? Cache { get; }

        public decimal Balance => _balance;
    }

    private sealed record Tree(int Value, List<Tree?> Children);

    private sealed class Chain
    {
        public Chain? Next { get; set; }
    }

    private readonly struct EmptyStruct;

    private sealed class EmptyClass;
}
