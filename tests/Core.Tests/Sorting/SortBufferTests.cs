using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>The buffer of a sort alone, filled by map tasks in any order, beside LINQ, whose sort is stable.</summary>
public sealed class SortBufferTests
{
    private const int BatchCount = 40;

    [Theory]
    [InlineData("ascending")]
    [InlineData("descending")]
    [InlineData("interleaved")]
    public void Open_MapTasksInAnyOrder_KeepsEqualKeysInTheirOrder(string order)
    {
        Check(order, (batch, i) => Slice($"{(i * 7919) % 13}", batch, i), slice => slice[..Math.Min(1, slice.Length)], slice => Convert.ToHexString(slice.Span));
        Check(order, (batch, i) => ((i * 7919) % 13, $"{batch}.{i}"), pair => pair.Item1, pair => pair.Item2);
    }

    [Fact]
    public void Open_SlicesLongerThanAChunk_FindsThem()
    {
        using var buffer = NewBuffer<ByteSlice, ByteSlice>(slice => slice);
        ByteSlice[] slices = [Filled(9, 5 << 20), Filled(3, 100), Filled(7, (2 << 20) + 1), Filled(1, 3 << 20), Filled(2, 1)];
        foreach (var slice in slices)
        {
            buffer.Add([(BucketPartitioner.KeyOf(0, 0), slice)]);
        }

        buffer.Sort();

        using var reader = buffer.Open();
        var found = new List<ByteSlice>();
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            found.AddRange(batch);
        }

        Assert.True(slices.Order().SequenceEqual(found));
    }

    [Theory]
    [InlineData(1000, 0, false)]
    [InlineData(100_000, 0, true)]
    [InlineData(100_000, 1 << 20, true)]
    [InlineData(100_000, 6 << 20, false)]
    [InlineData(10_000_000, 0, false)]
    [InlineData(long.MaxValue / 64, 0, false)]
    public void Reserve_WhatFits_IsHeldAtOnceAndDoesNotGrow(long count, long elementBytes, bool isReserved)
    {
        var claim = TaskMemory.Unlimited(default).Claim("a test", limit: 8 << 20);
        using var buffer = new SortBuffer<ByteSlice, ByteSlice>(new SortOrder<ByteSlice, ByteSlice>(slice => slice, null, IsDescending: false), claim, CancellationToken.None);

        buffer.Reserve(count, elementBytes);

        var held = claim.HeldBytes;
        Assert.Equal(isReserved, held > 0);
        for (var batch = 0; batch < 100; batch++)
        {
            buffer.Add([.. Enumerable.Repeat((BucketPartitioner.KeyOf(0, 0), default(ByteSlice)), 1000)]);
            Assert.False(buffer.IsFull);
            Assert.True(!isReserved || claim.HeldBytes == held);
        }

        Assert.Equal(100_000, buffer.Count);
    }

    // Slices of the arena, some of them empty, also at the end of a batch, as a shuffle gives them.
    private static ByteSlice Slice(string key, int batch, int i) => i % 5 == 4 ? default : ByteSlice.CopyOf(System.Text.Encoding.ASCII.GetBytes($"{key} {batch}.{i}"));

    private static ByteSlice Filled(byte value, int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, value);
        return ByteSlice.CopyOf(bytes);
    }

    private static SortBuffer<T, TKey> NewBuffer<T, TKey>(Func<T, TKey> key) => new(
        new SortOrder<T, TKey>(key, null, IsDescending: false), TaskMemory.Unlimited(default).Claim("a test"), CancellationToken.None);

    private static void Check<T, TKey>(string order, Func<int, int, T> element, Func<T, TKey> key, Func<T, string> text)
    {
        using var buffer = NewBuffer(key);
        var all = new List<(int Map, T Value)>();
        for (var batch = 0; batch < BatchCount; batch++)
        {
            var map = order switch { "ascending" => batch / 3, "descending" => BatchCount - batch, _ => batch % 7 };
            var values = Enumerable.Range(0, 5 * (1 + batch)).Select(i => element(batch, i)).ToArray();
            all.AddRange(values.Select(value => (map, value)));
            InArena(buffer, values);
            buffer.Add(values.Select(value => (BucketPartitioner.KeyOf(0, map), value)).ToArray());
        }

        buffer.Sort();

        var expected = all.OrderBy(pair => pair.Map).OrderBy(pair => key(pair.Value), DefaultOrder<TKey>.Comparer).ToArray();
        Assert.Equal(expected.Select(pair => text(pair.Value)), Read(buffer.Open(), text));
        Assert.Equal(
            expected.Select(pair => $"{pair.Map}: {text(pair.Value)}"), Read(buffer.OpenTagged(), pair => $"{BucketPartitioner.TagOf(pair.Key)}: {text(pair.Value)}"));
    }

    private static void InArena<T, TKey>(SortBuffer<T, TKey> buffer, T[] values)
    {
        if (values is ByteSlice[] slices)
        {
            var joined = slices.SelectMany(slice => slice.ToArray()).ToArray();
            var start = buffer.Arena.Add(joined, out var block);
            for (var i = 0; i < slices.Length; i++)
            {
                slices[i] = new ByteSlice(block, start, slices[i].Length);
                start += slices[i].Length;
            }
        }
    }

    private static List<string> Read<T>(BatchReader<T> reader, Func<T, string> text)
    {
        var found = new List<string>();
        using (reader)
        {
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                foreach (var element in batch)
                {
                    found.Add(text(element));
                }
            }
        }

        return found;
    }
}
