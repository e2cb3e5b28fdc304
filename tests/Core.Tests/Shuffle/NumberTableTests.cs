using Dpark.Memory;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Tables of keys that are integers, through the buffers that use them: whatever the keys look like, the pairs are those of a dictionary.</summary>
public sealed class NumberTableTests
{
    public static TheoryData<string, long[]> KeyPatterns()
    {
        var random = new Random(7);
        long[] Drawn(int count, Func<long> draw) => [.. Enumerable.Range(0, count).Select(_ => draw())];
        return new TheoryData<string, long[]>
        {
            { "close together, in any order", Drawn(60_000, () => random.NextInt64(0, 20_000)) },
            { "close together around 0", Drawn(60_000, () => random.NextInt64(-10_000, 10_000)) },
            { "ascending", Drawn(50_000, () => 0).Select((_, i) => (long)i).ToArray() },
            { "descending below 0", Drawn(50_000, () => 0).Select((_, i) => -(long)i).ToArray() },
            { "scattered", Drawn(20_000, () => random.NextInt64(long.MinValue, long.MaxValue)) },
            { "close together, then scattered", [.. Drawn(30_000, () => random.NextInt64(0, 10_000)), .. Drawn(3_000, () => random.NextInt64())] },
            { "scattered, then close together", [.. Drawn(500, () => random.NextInt64()), .. Drawn(60_000, () => random.NextInt64(0, 20_000))] },
            { "every third", Drawn(40_000, () => 3 * random.NextInt64(0, 20_000)) },
            { "at the ends of the range", [.. Drawn(9_000, () => long.MinValue + random.NextInt64(0, 6_000)), .. Drawn(9_000, () => long.MaxValue - random.NextInt64(0, 6_000))] },
            { "at the lower end", Drawn(30_000, () => long.MinValue + random.NextInt64(0, 9_000)) },
            { "at the upper end", Drawn(30_000, () => long.MaxValue - random.NextInt64(0, 9_000)) },
            { "0 alone", Drawn(5_000, () => 0) },
            { "scattered, and 0 among them", Drawn(30_000, () => random.NextInt64(-3_000, 3_000) * 0x1E37_79B9_7F4A_7C15) },
        };
    }

    [Theory]
    [MemberData(nameof(KeyPatterns))]
    public void Add_KeysOfAnyPattern_CombinesAsADictionary(string pattern, long[] keys)
    {
        Assert.NotEmpty(pattern);
        using var buffer = SumsOf<long>();

        AddAll(buffer, [.. keys.Select((key, i) => (key, (long)i))]);

        AssertSums(keys.Select((key, i) => (key, (long)i)), buffer);
    }

    [Theory]
    [MemberData(nameof(KeyPatterns))]
    public void Add_KeysOf32Bits_CombinesAsADictionary(string pattern, long[] keys)
    {
        Assert.NotEmpty(pattern);
        using var buffer = SumsOf<int>();
        (int, long)[] pairs = [.. keys.Select((key, i) => (unchecked((int)key), (long)i))];

        AddAll(buffer, pairs);

        AssertSums(pairs, buffer);
    }

    [Theory]
    [MemberData(nameof(KeyPatterns))]
    public void Add_KeysWithoutSign_CombinesAsADictionary(string pattern, long[] keys)
    {
        Assert.NotEmpty(pattern);
        using var buffer = SumsOf<ulong>();
        (ulong, long)[] pairs = [.. keys.Select((key, i) => (unchecked((ulong)key), (long)i))];

        AddAll(buffer, pairs);

        AssertSums(pairs, buffer);
    }

    [Fact]
    public void Add_SumsThatAreZero_KeepTheirKeys()
    {
        using var buffer = SumsOf<long>();
        (long, long)[] pairs = [.. Enumerable.Range(0, 20_000).Select(i => ((long)i, i % 3 - 1L)), .. Enumerable.Range(0, 20_000).Select(i => ((long)i, 1L - (i % 3)))];

        AddAll(buffer, pairs);

        AssertSums(pairs, buffer);
    }

    [Fact]
    public void Add_DenseFramesAndPairsInTurn_SumsBoth()
    {
        using var buffer = SumsOf<long>();
        (long, long)[] pairs = [.. Enumerable.Range(0, 5_000).Select(i => (3L * i, (long)i))];
        buffer.Add(pairs.AsSpan(0, 1_000));
        buffer.Add(pairs.AsSpan(1_000, 1_000));

        Assert.True(buffer.TryAddFrame(FrameOf(pairs)));
        buffer.Add(pairs.AsSpan(0, 1_000));
        Assert.True(buffer.TryAddFrame(FrameOf(pairs)));
        AddAll(buffer, pairs);

        AssertSums([.. pairs[..2_000], .. pairs, .. pairs[..1_000], .. pairs, .. pairs], buffer);
    }

    // Of a million ids, after 60,000 pairs: as long as no key repeats, nobody knows how many there are.
    [Theory]
    [InlineData(1, true, true)]
    [InlineData(1, false, false)]
    [InlineData(8, true, false)]
    public void Add_FewOfTheKeysAreThere_IsDenseIfItIsLikelyToBeAtLast(long step, bool canRepeat, bool isDense)
    {
        const int KeyCount = 1_000_000;
        using var task = TaskMemory.Unlimited(default);
        var aggregator = new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right);
        using var buffer = CombiningBuffer.OfMapSide<long, long, long>(aggregator, task.Claim("a test"));
        var random = new Random(2);
        (long, long)[] pairs = [.. Enumerable.Range(0, 60_000).Select(i => ((canRepeat ? random.Next(KeyCount) : i * 7_919L % KeyCount) * step, (long)i))];

        foreach (var batch in pairs.Chunk(BatchReader.Capacity))
        {
            buffer.Add(batch);
            Assert.False(buffer.IsFull);
        }

        Assert.Equal(isDense, buffer.Table!.Dense is not null);
        buffer.Complete();
        AssertSums(pairs, buffer);
    }

    [Fact]
    public void IsFull_SumsWereAdded_CountsKeysExactlyWhereMemoryIsShort()
    {
        using var task = MemoryRig.NewMemory(24 << 20).Open(default);
        var aggregator = new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right);
        using var buffer = CombiningBuffer.OfMapSide<long, long, long>(aggregator, task.Claim("a test"));
        (long, long)[] pairs = [.. Enumerable.Range(0, 1_000_000).Select(i => (i * 30L % 200_000, 1L))];

        foreach (var batch in pairs.Chunk(BatchReader.Capacity))
        {
            buffer.Add(batch);
            Assert.False(buffer.IsFull);
        }

        buffer.Complete();
        AssertSums(pairs, buffer);
    }

    [Fact]
    public void ReplaceValues_DenseAndHashed_ReplacesEachOnce()
    {
        foreach (var step in new[] { 1L, 1L << 40 })
        {
            using var table = new NumberTable<long, double>(3);
            Fill(table, i => (3 * i - 50) * step, 3_000);

            for (var place = 0; place < table.PlaceCount; place += 100)
            {
                table.ReplaceValues(place, Math.Min(place + 100, table.PlaceCount), value => value + 0.5);
            }

            var places = new int[table.Count];
            table.ListPlaces(places);
            var pairs = new (long Key, double Value)[places.Length];
            table.Read(places, pairs);
            Assert.Equal(step == 1, table.Dense is not null);
            Assert.Equal(Enumerable.Range(0, 3_000).Select(i => ((3 * i - 50) * step, i + 0.5)).Order(), pairs.Order());
        }
    }

    [Theory]
    [InlineData(100, 5_000)]
    [InlineData(1_000_001, 1_005_000)]
    [InlineData(-5_000, 5_000)]
    [InlineData(long.MinValue, long.MinValue + 999)]
    [InlineData(long.MaxValue - 999, long.MaxValue)]
    [InlineData(70, 71)]
    public void TryCreate_AnyKeys_BeginsWithAWholeWord(long least, long most)
    {
        using var table = DenseTable<long, long>.TryCreate(least, most, maxBytes: 1 << 20, cheapBytes: 0)!;

        Assert.Equal(0, table.First & 63);
        Assert.True(table.HasPlaces(least, most));
        Assert.InRange(table.Length, 1, 1 << 20);

        var (below, above) = (least < 0 ? least : Math.Max(least - 2_000, 0), most > long.MaxValue - 3_000 ? most : most + 3_000);
        using var wider = table.TryWiden(below, above, maxBytes: 1 << 20, cheapBytes: 0)!;

        Assert.Equal(0, wider.First & 63);
        Assert.True(wider.HasPlaces(below, above));
        Assert.InRange(wider.Length, 1, 1 << 20);
    }

    [Fact]
    public void Clear_DenseTable_StartsWithoutPairs()
    {
        using var buffer = SumsOf<long>();
        AddAll(buffer, [.. Enumerable.Range(0, 30_000).Select(i => ((long)i, 1L))]);

        buffer.Clear();
        AddAll(buffer, [(5L, 2L), (29_000L, 3L), (5L, 4L)]);

        AssertSums([(5L, 2L), (29_000L, 3L), (5L, 4L)], buffer);
    }

    [Fact]
    public void Reserve_KeysCloseTogether_TakesLessMemoryThanHashing()
    {
        using var dense = new NumberTable<long, double>(1);
        using var hashed = new NumberTable<long, double>(1);

        Fill(dense, i => i);
        Fill(hashed, i => i * 1_000_003L);

        Assert.NotNull(dense.Dense);
        Assert.Null(hashed.Dense);
        Assert.Equal(hashed.Count, dense.Count);
        Assert.InRange(dense.Dense!.Length, 1, 100_000 * 3 * sizeof(double));
    }

    [Theory]
    [InlineData(256 << 20, true)]
    [InlineData(8 << 20, false)]
    public void Reserve_FewKeysFarApartForTheirNumber_BecomesDenseOnlyWhereThereIsPlentyOfMemory(int budgetBytes, bool isDense)
    {
        using var task = MemoryRig.NewMemory(budgetBytes).Open(default);
        using var claim = task.Claim("a table");
        using var table = new NumberTable<long, double>(1, claim);

        Fill(table, i => i * 100L, count: 2_000);

        Assert.Equal(isDense, table.Dense is not null);
        Assert.Equal(2_000, table.Count);
    }

    [Fact]
    public void Reserve_HashedTableIsReplacedByALargerOne_CountsBothUntilItIs()
    {
        const long Held = 16 << 20;
        var memory = MemoryRig.NewMemory(256 << 20);
        using var task = memory.Open(default);
        using var claim = task.Claim("a table");
        Assert.True(claim.TryHold(Held, Held));
        using var table = new NumberTable<long, double>(1, claim);

        Fill(table, i => i * 1_000_003L);

        // Of the blocks that were replaced, the largest is at least a quarter of the one that is there.
        Assert.InRange(memory.PeakBytes - Held, table.BytesWith(0) / 4, table.BytesWith(0));
        Assert.Equal(Held, task.HeldBytes);
    }

    [Fact]
    public void Widen_DenseTableIsReplacedByALargerOne_CountsBothUntilItIs()
    {
        var memory = MemoryRig.NewMemory(256 << 20);
        using var task = memory.Open(default);
        using var claim = task.Claim("a table");
        using var table = new NumberTable<long, double>(1, claim);

        Fill(table, i => i, 1_000_000);

        var length = table.Dense!.Length;
        Assert.InRange(task.HeldBytes, length, length + (4 << 20));
        Assert.InRange(memory.PeakBytes - task.HeldBytes, length / 4, length);
    }

    [Fact]
    public void IsFull_OldAndNewTableDoNotFitTogether_IsTrueBeforeItGrows()
    {
        var memory = MemoryRig.NewMemory(2 << 20);
        using var task = memory.Open(default);
        var aggregator = new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right);
        using var buffer = CombiningBuffer.OfMapSide<long, long, long>(aggregator, task.Claim("a test"));

        for (var i = 0L; i == 0 || !buffer.IsFull; i++)
        {
            buffer.Add([(i * 1_000_003, i)]);
        }

        Assert.InRange(memory.PeakBytes, 1, memory.BudgetBytes);
    }

    [Theory]
    [MemberData(nameof(KeyPatterns))]
    public void Locate_KeysOfAnyPattern_NumbersThemByFirstAppearance(string pattern, long[] keys)
    {
        Assert.NotEmpty(pattern);
        using var index = KeyIndex<long>.Create();
        var expected = new Dictionary<long, int>();
        var numbers = new int[BatchReader.Capacity];
        foreach (var batch in keys.Chunk(BatchReader.Capacity))
        {
            index.Locate(batch, numbers);

            for (var i = 0; i < batch.Length; i++)
            {
                expected.TryAdd(batch[i], expected.Count);
                Assert.Equal(expected[batch[i]], numbers[i]);
            }
        }

        long[] asked = [.. keys.Take(300), long.MinValue, long.MaxValue, -1, 0, 1, 77_777];
        index.Find(asked, numbers);
        Assert.Equal(asked.Select(key => expected.GetValueOrDefault(key, -1)), numbers[..asked.Length]);
        Assert.Equal(expected.Keys, index.Keys.ToArray());
        var listed = new int[index.Count];
        index.ListNumbers(listed);
        Assert.Equal(Enumerable.Range(0, index.Count), listed.Order());
    }

    [Fact]
    public void ListNumbers_KeysCloseTogether_AreAscendingByKey()
    {
        var random = new Random(11);
        using var index = KeyIndex<long>.Create();
        var numbers = new int[BatchReader.Capacity];
        for (var round = 0; round < 50; round++)
        {
            index.Locate(Enumerable.Range(0, BatchReader.Capacity).Select(_ => random.NextInt64(-8_000, 8_000)).ToArray(), numbers);
        }

        var listed = new int[index.Count];
        index.ListNumbers(listed);

        long[] keys = [.. listed.Select(number => index.Keys[number])];
        Assert.Equal(keys.Order(), keys);
    }

    private static void Fill(NumberTable<long, double> table, Func<int, long> keyOf, int count = 100_000)
    {
        for (var i = 0; i < count; i++)
        {
            table.Reserve(1);
            var key = keyOf(i);
            if (table.Dense is { } dense && (dense.OffsetOf(key) < (ulong)dense.PlaceCount || table.Widen(key, key, 1) == Widening.Dense))
            {
                table.Dense!.GetOrAdd((int)table.Dense.OffsetOf(key), out _) = i;
            }
            else
            {
                table.GetOrAdd(key, table.PositionOf(key), out _) = i;
            }
        }
    }

    private static byte[] FrameOf((long Key, long Value)[] pairs)
    {
        using var table = DenseTable<long, long>.TryCreate(pairs.Min(pair => pair.Key), pairs.Max(pair => pair.Key), maxBytes: 1 << 20, cheapBytes: 0)!;
        foreach (var (key, value) in pairs)
        {
            table.GetOrAdd((int)table.OffsetOf(key), out _) = value;
        }

        return FramePayload.Of(table);
    }

    private static PairBuffer<TKey, long, long> SumsOf<TKey>()
    {
        var aggregator = new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right);
        return CombiningBuffer.OfMapSide<TKey, long, long>(aggregator, TaskMemory.Unlimited(default).Claim("a test"));
    }

    private static void AddAll<TKey>(PairBuffer<TKey, long, long> buffer, (TKey Key, long Value)[] pairs)
    {
        foreach (var batch in pairs.Chunk(BatchReader.Capacity))
        {
            buffer.Add(batch);
        }

        buffer.Complete();
    }

    private static void AssertSums<TKey>(IEnumerable<(TKey Key, long Value)> pairs, PairBuffer<TKey, long, long> buffer)
        where TKey : notnull
    {
        var expected = pairs.GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value));
        using var all = buffer.OrderAll();
        var read = Read(buffer, all);

        Assert.Equal(expected.Count, read.Length);
        Assert.Equal(expected, read.ToDictionary(pair => pair.Key, pair => pair.Value));
        Assert.Equal(read, ReadOn(buffer));
    }

    // In steps of all lengths, so that each kind of place comes at the end of one.
    private static List<(TKey Key, long Value)> ReadOn<TKey>(PairBuffer<TKey, long, long> buffer)
    {
        var pairs = new List<(TKey Key, long Value)>();
        var step = new (TKey Key, long Value)[BatchReader.Capacity];
        var position = 0;
        for (var length = 1; ; length = (length % step.Length) + 1)
        {
            var count = buffer.ReadOn(ref position, step.AsSpan(0, length));
            pairs.AddRange(step.AsSpan(0, count));
            if (count == 0)
            {
                return pairs;
            }

            Assert.True(count == length || buffer.ReadOn(ref position, step) == 0);
        }
    }

    private static (TKey Key, long Value)[] Read<TKey>(PairBuffer<TKey, long, long> buffer, KeyOrder order)
    {
        var numbers = order.NumbersOf(0);
        var pairs = new (TKey Key, long Value)[numbers.Length];
        buffer.Read(numbers, pairs);
        return pairs;
    }
}
