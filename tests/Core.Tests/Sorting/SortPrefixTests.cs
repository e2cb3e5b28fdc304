using Dpark.Partitioning;
using Dpark.Text;

namespace Dpark.Sorting;

public sealed class SortPrefixTests
{
    private const int KeyCount = 300;

    private readonly Random _random = new(1);

    [Fact]
    public void Get_RandomKeys_HaveTheirOrder()
    {
        Check(isExact: true, _ => _random.NextInt64(long.MinValue, long.MaxValue), long.MinValue, long.MaxValue, 0L);
        Check(isExact: true, _ => (ulong)_random.NextInt64(long.MinValue, long.MaxValue), 0UL, ulong.MaxValue);
        Check(isExact: true, _ => _random.Next(-5, 5), int.MinValue, int.MaxValue);
        Check(isExact: true, _ => (uint)_random.Next(), 0u, uint.MaxValue);
        Check(isExact: true, _ => (short)_random.Next(), short.MinValue, short.MaxValue);
        Check(isExact: true, _ => (ushort)_random.Next());
        Check(isExact: true, _ => (sbyte)_random.Next());
        Check(isExact: true, _ => (byte)_random.Next());
        Check(isExact: true, _ => (char)_random.Next(char.MaxValue));
        Check(isExact: true, i => i % 2 == 0);
        Check(isExact: true, _ => (_random.NextDouble() - 0.5) * 1e9, double.NaN, double.NegativeInfinity, double.PositiveInfinity, 0.0, -0.0, double.Epsilon);
        Check(isExact: true, _ => _random.NextSingle() - 0.5f, float.NaN, float.NegativeInfinity, float.MaxValue, -0f, 0f);
        Check(isExact: true, i => new DateTime(i * 7919L % 1000, DateTimeKind.Utc), DateTime.MinValue, DateTime.MaxValue);
        Check(isExact: true, i => new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.FromHours(i % 3)));
        Check(isExact: true, i => new TimeSpan(i - 100L), TimeSpan.MinValue, TimeSpan.MaxValue);
        Check(isExact: true, i => DateOnly.FromDayNumber(i * 31 % 977));
        Check(isExact: true, i => new TimeOnly(i * 31L % 977));
    }

    [Fact]
    public void Get_KeysThatMayBeLonger_HaveTheirOrderAsFarAsTheyDiffer()
    {
        Check(isExact: false, _ => (string?)NewText(), null, "", "\0", "\uFFFF", "\uD83D\uDE00");
        Check(isExact: false, _ => Utf8Text.From(NewText()), default(Utf8Text), Utf8Text.From("\0"), Utf8Text.From("\uFFFF"), Utf8Text.From("\U0001F600"));
        Check(isExact: false, _ => ByteSlice.CopyOf(System.Text.Encoding.UTF8.GetBytes(NewText())), ByteSlice.CopyOf([0]), ByteSlice.CopyOf([255, 255]));
        Check(isExact: true, _ => (_random.Next(-3, 3), _random.Next(-3, 3)));
        Check(isExact: true, _ => ((byte)_random.Next(3), ((short)_random.Next(-3, 3), (char)_random.Next(3))));
        Check(isExact: false, _ => (_random.Next(3), _random.NextInt64(-3, 3)));
        Check(isExact: false, _ => (NewText(), _random.Next(3)));
        Check(isExact: false, _ => (_random.Next(3), NewText()));
        Check(isExact: false, _ => (_random.Next(3), Guid.NewGuid()));
    }

    [Fact]
    public void Default_OtherKeys_HaveNone()
    {
        Assert.Null(SortPrefix<Guid>.Default);
        Assert.Null(SortPrefix<DayOfWeek>.Default);
        Assert.Null(SortPrefix<int?>.Default);
        Assert.Null(SortPrefix<(Guid, int)>.Default);
    }

    [Theory]
    [InlineData(10, 64, 0)]
    [InlineData(1000, 64, 0)]
    [InlineData(5000, 4, 0)]
    [InlineData(5000, 30, 20)]
    [InlineData(5000, 64, 40)]
    [InlineData(1000, 0, 0)]
    public void Sort_RandomPrefixes_IsInOrderAndStable(int count, int bits, int shift)
    {
        var mask = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
        var entries = Enumerable.Range(0, count).Select(i => new SortEntry(((ulong)_random.NextInt64() & mask) << shift, (uint)i)).ToArray();
        var expected = entries.OrderBy(entry => entry.Prefix).ToArray();

        RadixSort.Sort(entries, new SortEntry[count]);

        Assert.Equal(expected, entries);
    }

    private void Check<TKey>(bool isExact, Func<int, TKey> next, params TKey[] more)
    {
        var keys = Enumerable.Range(0, KeyCount).Select(next).Concat(more).ToArray();
        var prefix = SortPrefix<TKey>.Default!;
        var prefixes = new ulong[keys.Length];
        prefix.Get(keys, prefixes);

        Assert.Equal(isExact, prefix.IsExact);
        for (var i = 0; i < keys.Length; i++)
        {
            for (var j = 0; j < keys.Length; j++)
            {
                var order = Math.Sign(DefaultOrder<TKey>.Comparer.Compare(keys[i], keys[j]));
                var found = prefixes[i].CompareTo(prefixes[j]);
                Assert.True(found == order || (found == 0 && !isExact), $"{typeof(TKey)}: {keys[i]} and {keys[j]} compare as {order}, their prefixes as {found}");
            }
        }
    }

    private string NewText() => new([.. Enumerable.Range(0, _random.Next(8)).Select(_ => "ab\u00E9\uFF21"[_random.Next(4)])]);
}
