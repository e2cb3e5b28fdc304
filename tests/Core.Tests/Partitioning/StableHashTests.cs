using System.Numerics;

namespace Dpark.Partitioning;

public sealed class StableHashTests
{
    private enum Color
    {
        Red,
        Green,
    }

    // Computed from the description in the documentation of StableHash by another program. They never change.
    [Fact]
    public void Of_PinnedKeys_NeverChanges()
    {
        Assert.Equal(0x59B2_50D7_ACF6_5433UL, StableHash.Of(""));
        Assert.Equal(0x0E90_C731_7897_99F6UL, StableHash.Of("a"));
        Assert.Equal(0x156C_50B0_5BA4_7E20UL, StableHash.Of("ab"));
        Assert.Equal(0x29BA_8456_59B6_42B5UL, StableHash.Of("word"));
        Assert.Equal(0xFB33_A67E_CE63_0901UL, StableHash.Of("stable hash"));
        Assert.Equal(0x7953_4269_50EB_7BF0UL, StableHash.Of("a text of more than sixteen characters"));
        Assert.Equal(0x0A04_C33D_CF9C_57E4UL, StableHash.Of(0L));
        Assert.Equal(0xCF2A_033E_2D7F_9A4EUL, StableHash.Of(1));
        Assert.Equal(0x5458_3D94_EC82_8522UL, StableHash.Of((short)-1));
        Assert.Equal(0xFE6D_6A36_D698_9911UL, StableHash.Of(1L << 62));
        Assert.Equal(0x822C_24AA_6FBD_1980UL, StableHash.Of(1.5f));
        Assert.Equal(0xC78F_AD97_B1F1_FF65UL, StableHash.Of(("a", 1)));
        Assert.Equal(0x124E_DC43_1A74_6AEBUL, StableHash.Of(("a", (1, (string?)null))));
        Assert.Equal(0xE8C4_B636_4E3B_9FA2UL, StableHash.Of(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")));
    }

    [Fact]
    public void Of_EqualKeysOfDifferentForm_AreEqual()
    {
        Assert.Equal(StableHash.Of(0.0), StableHash.Of(-0.0));
        Assert.Equal(StableHash.Of(double.NaN), StableHash.Of(BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0001)));
        Assert.Equal(StableHash.Of(1m), StableHash.Of(1.000m));
        Assert.Equal(StableHash.Of(0m), StableHash.Of(-0.00m));
        Assert.Equal(StableHash.Of(new DateTime(5, DateTimeKind.Utc)), StableHash.Of(new DateTime(5, DateTimeKind.Local)));
        Assert.Equal(
            StableHash.Of(new DateTimeOffset(2020, 1, 1, 12, 0, 0, TimeSpan.Zero)),
            StableHash.Of(new DateTimeOffset(2020, 1, 1, 13, 0, 0, TimeSpan.FromHours(1))));
        Assert.Equal(StableHash.Of(new Version("1.2")), StableHash.Of(new Version(1, 2)));
    }

    [Fact]
    public void Of_DifferentKeys_Differ()
    {
        ulong[] hashes =
        [
            StableHash.Of(""), StableHash.Of("\0"), StableHash.Of("\0\0"), StableHash.Of<string?>(null), StableHash.Of("a"), StableHash.Of("b"),
            StableHash.Of("aaaaaaaaa"), StableHash.Of("aaaaaaaab"), StableHash.Of("baaaaaaaa"), StableHash.Of(0L), StableHash.Of(-1L), StableHash.Of(1L),
            StableHash.Of((1, 2)), StableHash.Of((2, 1)), StableHash.Of((1, (2, 3))), StableHash.Of(((1, 2), 3)), StableHash.Of((1, 2, 3)),
            StableHash.Of(1.5), StableHash.Of(Guid.Empty), StableHash.Of(BigInteger.One), StableHash.Of(1.5m), StableHash.Of(15m), StableHash.Of(new Empty()),
        ];

        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Fact]
    public void Of_NumbersOfAnyWidth_AreEqual()
    {
        ulong[] hashes =
        [
            StableHash.Of(1L), StableHash.Of(1), StableHash.Of((short)1), StableHash.Of((sbyte)1), StableHash.Of(1UL), StableHash.Of(1U),
            StableHash.Of((ushort)1), StableHash.Of((byte)1), StableHash.Of(true), StableHash.Of('\u0001'), StableHash.Of(Color.Green), StableHash.Of<int?>(1),
            StableHash.Of(TimeSpan.FromTicks(1)),
        ];

        Assert.Single(hashes.Distinct());
    }

    [Fact]
    public void Of_TupleRecordAndStruct_AreTheirMembers()
    {
        var tuple = StableHash.Of(("a", 1));

        Assert.Equal(tuple, StableHash.Of(new Person("a", 1)));
        Assert.Equal(tuple, StableHash.Of(new PersonStruct("a", 1)));
        Assert.Equal(tuple, StableHash.Of(new { Name = "a", Age = 1 }));
        Assert.Equal(tuple, StableHash.Of(Tuple.Create("a", 1)));
        Assert.Equal(tuple, StableHash.Of(KeyValuePair.Create("a", 1)));
        Assert.NotEqual(tuple, StableHash.Of<Person?>(null));
    }

    [Fact]
    public void Of_TupleOfNine_UsesEveryItem()
    {
        Assert.NotEqual(StableHash.Of((1, 2, 3, 4, 5, 6, 7, 8, 9)), StableHash.Of((1, 2, 3, 4, 5, 6, 7, 8, 0)));
    }

    [Fact]
    public void Of_OwnHash_IsUsed()
    {
        Assert.Equal(StableHash.Of(7), StableHash.Of(new CaseInsensitive(7)));
    }

    [Fact]
    public void Hash_ManyWithNulls_EqualsOneByOne()
    {
        Person?[] keys = [new("a", 1), null, new("b", 2), new(null!, 0)];
        var hashes = new ulong[keys.Length];

        StableHasher<Person?>.Default.Hash(keys, hashes);

        Assert.Equal(keys.Select(StableHash.Of), hashes);
    }

    // As many as are worth vectors, and one more or less, or some that fill none.
    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    public void Hash_ManyNumbers_EqualsOneByOne(int count)
    {
        var random = new Random(count);
        long[] keys = [long.MinValue, long.MaxValue, -1, 0, uint.MaxValue, .. Enumerable.Range(5, count - 5).Select(_ => random.NextInt64(long.MinValue, long.MaxValue))];
        var hashes = new ulong[count + 1];

        StableHasher<long>.Default.Hash(keys, hashes);
        Assert.Equal([.. keys.Select(StableHash.Of), 0UL], hashes);

        StableHasher<ulong>.Default.Hash([.. keys.Select(key => (ulong)key)], hashes);
        Assert.Equal([.. keys.Select(StableHash.Of), 0UL], hashes);
    }

    [Fact]
    public void EnsureSupported_EqualityByReference_NamesThePath()
    {
        var array = Assert.Throws<UnsupportedKeyTypeException>(StableHash.EnsureSupported<int[]>);
        var nested = Assert.Throws<UnsupportedKeyTypeException>(StableHash.EnsureSupported<(string, List<int>)>);
        var plain = Assert.Throws<UnsupportedKeyTypeException>(StableHash.EnsureSupported<Plain>);

        Assert.Contains("compares by reference", array.Message, StringComparison.Ordinal);
        Assert.Equal("(string, List<int>).Item2", nested.Path);
        Assert.Contains("compares by reference", plain.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EnsureSupported_EqualsWrittenByHand_IsRefused()
    {
        var error = Assert.Throws<UnsupportedKeyTypeException>(StableHash.EnsureSupported<OwnEquals>);

        Assert.Contains("Equals of its own", error.Message, StringComparison.Ordinal);
        Assert.Throws<UnsupportedKeyTypeException>(StableHash.EnsureSupported<Uri>);
        Assert.Throws<UnsupportedKeyTypeException>(StableHash.EnsureSupported<object>);
        Assert.Throws<UnsupportedKeyTypeException>(StableHash.EnsureSupported<Action>);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(48)]
    public void Of_CountedNumbers_FillPartitionsEvenly(int shift)
    {
        const int Keys = 64_000;

        foreach (var partitions in new[] { 2, 16, 1000, 1024 })
        {
            var counts = new int[partitions];
            var topCounts = new int[partitions];
            for (var i = 0L; i < Keys; i++)
            {
                var hash = StableHash.Of(i << shift);
                counts[hash % (ulong)partitions]++;
                topCounts[Math.BigMul(hash, (ulong)partitions, out _)]++;
            }

            AssertEven(counts, Keys);
            AssertEven(topCounts, Keys);
        }
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("user-{0}")]
    [InlineData("https://example.org/a/rather/long/path/{0}/index.html")]
    public void Of_CountedTexts_FillPartitionsEvenly(string format)
    {
        const int Keys = 64_000;
        var seen = new HashSet<ulong>();
        var counts = new int[1000];

        for (var i = 0; i < Keys; i++)
        {
            var hash = StableHash.Of(string.Format(null, format, i));
            seen.Add(hash);
            counts[hash % 1000]++;
        }

        Assert.Equal(Keys, seen.Count);
        AssertEven(counts, Keys);
    }

    [Fact]
    public void OfBytes_OneBitChanged_ChangesHalfTheHash()
    {
        for (var length = 1; length <= 40; length++)
        {
            var bytes = new byte[length];
            new Random(length).NextBytes(bytes);
            var before = StableHash.OfBytes(bytes);
            var changed = 0;
            for (var bit = 0; bit < 8 * length; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                changed += BitOperations.PopCount(before ^ StableHash.OfBytes(bytes));
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }

            Assert.InRange(changed / (8.0 * length), 24, 40);
        }
    }

    // Within six standard deviations of an even spread.
    private static void AssertEven(int[] counts, int keys)
    {
        var expected = (double)keys / counts.Length;
        var squares = counts.Sum(count => (count - expected) * (count - expected)) / expected;
        var freedom = counts.Length - 1;
        Assert.InRange(squares, freedom - (6 * Math.Sqrt(2.0 * freedom)), freedom + (6 * Math.Sqrt(2.0 * freedom)));
    }

    private sealed record Person(string Name, int Age);

    private readonly record struct PersonStruct(string Name, int Age);

    private readonly struct Empty;

    private sealed class Plain
    {
        public int Value { get; set; }
    }

    private sealed record OwnEquals(string Name)
    {
        public bool Equals(OwnEquals? other) => string.Equals(Name, other?.Name, StringComparison.OrdinalIgnoreCase);

        public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Name);
    }

    private sealed record CaseInsensitive(int Value) : IStableHashable
    {
        public ulong StableHashCode => StableHash.Of(Value);
    }
}
