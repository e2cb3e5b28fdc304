namespace Dpark.Text;

/// <summary>Bytes on pages, the slices of them, and the end of both.</summary>
public sealed class ByteArenaTests : IDisposable
{
    private readonly ByteArena _arena = new();

    public void Dispose() => _arena.Dispose();

    [Fact]
    public void Add_BytesOfAllSizes_AreThereUntilTheyAreReleased()
    {
        int[] lengths = [0, 1, 100, 5000, 70_000, 600_000, 3 << 20, 100, (2 << 20) + 1, 1];
        var slices = lengths.Select((length, index) => Add(Filled(length, index))).ToArray();

        for (var i = 0; i < lengths.Length; i++)
        {
            Assert.Equal(Filled(lengths[i], i), slices[i].ToArray());
            Assert.True(slices[i].IsEmpty || _arena.Has(slices[i].Block!));
        }

        Assert.InRange(_arena.Capacity, lengths.Sum(), 4L * lengths.Sum());
        _arena.Clear();
        Assert.Equal(0, _arena.Capacity);
        Assert.All(slices.Where(slice => !slice.IsEmpty), slice => Assert.Throws<InvalidOperationException>(() => slice.ToArray()));
    }

    [Fact]
    public void Recycle_FilledAgain_ShowsNothingOfItInOlderSlices()
    {
        var old = Add(Filled(100, 1));
        var kept = old.Keep();
        _arena.Recycle();

        var young = Add(Filled(100, 2));

        Assert.Equal(Filled(100, 1), kept.ToArray());
        Assert.Equal(Filled(100, 2), young.ToArray());
        Assert.False(_arena.Has(old.Block!));
        Assert.Throws<InvalidOperationException>(() => old[0]);
        Assert.Throws<InvalidOperationException>(() => old.Keep());
        Assert.Throws<InvalidOperationException>(() => old == young);
        Assert.Throws<InvalidOperationException>(() => old[..10].CompareTo(young));
    }

    [Fact]
    public void Span_PartThatIsNotOfItsBlock_IsRefusedAsAnArrayWould()
    {
        var block = Add(Filled(100, 1)).Block!;
        var length = block.All.Length;

        Assert.Equal(length, new ByteSlice(block, 0, length).ToArray().Length);
        Assert.ThrowsAny<ArgumentException>(() => new ByteSlice(block, 1, length).ToArray());
        Assert.ThrowsAny<ArgumentException>(() => new ByteSlice(block, -1, 2).ToArray());
    }

    [Fact]
    public void Split_TextOnPages_GivesItsParts()
    {
        var bytes = "one two  three "u8;
        var start = _arena.Add(bytes, out var block);
        var text = new Utf8Text(block, start, bytes.Length);

        Assert.Equal(["one", "two", "", "three", ""], text.Split(' ').Select(part => part.ToString()));
        Assert.Equal(["one", "two", "three"], text.SplitWhiteSpace().Select(part => part.ToString()));
        _arena.Clear();
        Assert.Throws<InvalidOperationException>(() => text.Split(' ').Count());
    }

    private static byte[] Filled(int length, int number) => [.. Enumerable.Repeat((byte)(number + 1), length)];

    private ByteSlice Add(byte[] bytes)
    {
        var start = _arena.Add(bytes, out var block);
        return new ByteSlice(block, start, bytes.Length);
    }
}
