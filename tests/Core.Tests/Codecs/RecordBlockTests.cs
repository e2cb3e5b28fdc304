namespace Dpark.Codecs;

public sealed class RecordBlockTests
{
    [Fact]
    public void Encode_NoRecords_ReadsAsEmpty()
    {
        var block = RecordBlock.Encode<long>([]);

        Assert.Equal(RecordBlock.EmptyLength, block.Length);
        Assert.Empty(ReadAll<long>(block));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(5000)]
    public void Encode_ManyRecords_KeepsOrder(int count)
    {
        (string, long)[] records = [.. Enumerable.Range(0, count).Select(i => ($"word-{i}", (long)i))];

        var block = RecordBlock.Encode<(string, long)>(records);

        Assert.Equal(records, ReadAll<(string, long)>(block));
    }

    [Fact]
    public void Write_OneAtATime_FillsBatches()
    {
        using var writer = new RecordBlockWriter<int>();

        for (var i = 0; i < 3000; i++)
        {
            writer.Write([i]);
        }

        var block = writer.ToArray();
        Assert.Equal(3000, writer.RecordCount);
        Assert.Equal(RecordBlock.Encode<int>([.. Enumerable.Range(0, 3000)]), block);
    }

    [Fact]
    public void Write_LargeRecords_SplitsBatches()
    {
        string[] records = [.. Enumerable.Range(0, 300).Select(i => new string((char)('a' + (i % 26)), 100_000))];

        var block = RecordBlock.Encode<string>(records);

        Assert.Equal(records, ReadAll<string>(block));
        using var reader = RecordBlock.Open<string>(block);
        Assert.InRange(reader.Next().Length, 1, RecordBatchEncoder<string>.MaxBatchBytes / 100_000);
    }

    [Fact]
    public void Write_OneHugeRecord_ComesBack()
    {
        var huge = new string('x', 50_000_000);

        var block = RecordBlock.Encode<string>(["a", huge, "b"]);

        Assert.Equal(["a", huge, "b"], ReadAll<string>(block));
    }

    [Fact]
    public void Open_OtherType_SaysWhichShapes()
    {
        var block = RecordBlock.Encode<long>([1]);

        var error = Assert.Throws<InvalidDataException>(() => ReadAll<(string, int)>(block));

        Assert.Contains("(string, int)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_CutAnywhere_IsInvalidData()
    {
        var block = RecordBlock.Encode<(string?, int)>([("one", 1), (null, 2), ("ü", 3)]);

        for (var length = 0; length < block.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => ReadAll<(string?, int)>(block.AsMemory(0, length)));
        }
    }

    [Fact]
    public void Open_BytesBehindTheEnd_IsInvalidData()
    {
        byte[] block = [.. RecordBlock.Encode<long>([1]), 0];

        Assert.Throws<InvalidDataException>(() => ReadAll<long>(block));
    }

    internal static List<T> ReadAll<T>(ReadOnlyMemory<byte> block)
    {
        using var reader = RecordBlock.Open<T>(block);
        var records = new List<T>();
        for (var batch = reader.Next(); batch.Length > 0; batch = reader.Next())
        {
            records.AddRange(batch);
        }

        Assert.True(reader.Next().IsEmpty);
        return records;
    }
}
