using Dpark.Configuration;
using Dpark.Memory;
using Dpark.Rdds;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;

namespace Dpark.Codecs;

/// <summary>Records and results that are too large: the failure says how large, which limit, and what to do.</summary>
public sealed class RecordLimitTests
{
    [Fact]
    public void Append_MoreThanAnArrayHolds_NamesBothNumbers()
    {
        using var buffer = new RecordBuffer();
        buffer.AppendInt32(1);

        var failure = Assert.Throws<RecordBufferFullException>(() => buffer.Append(3L << 30).Length);

        Assert.Equal($"Encoding needs {(3L << 30) + 4} bytes in one piece; the limit is {Array.MaxLength}. Split the record into smaller ones.", failure.Message);
        Assert.Equal(4, buffer.Length);
    }

    [Fact]
    public void Write_OneRecordOverTheLimit_NamesTheLimitOfARecord()
    {
        using var writer = new RecordBlockWriter<byte[]>(maxBytes: 100_000);

        var failure = Assert.Throws<RecordBufferFullException>(() => WriteAll(writer, [new byte[200_000]]));

        Assert.Contains("in one piece; the limit is 100000. Split the record into smaller ones.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_RecordsUpToTheLimit_AreAllThere()
    {
        using var writer = new RecordBlockWriter<byte[]>(maxBytes: 100_000);

        WriteAll(writer, [new byte[40_000], new byte[40_000]]);

        Assert.InRange(writer.Length, 80_000, 100_000);
        Assert.Equal(2, writer.RecordCount);
    }

    [Fact]
    public void ResultProgram_ElementsOverTheLimit_NamesTheLimitOfAResult()
    {
        var rdd = new InlineRddContext().Range(0, 100_000, 1).Map(n => $"element {n}");

        var failure = Assert.Throws<InvalidOperationException>(() => new ResultProgram<string>(rdd, maxBytes: 100_000).Run(rdd.Partitions[0], NewContext()));

        Assert.StartsWith("The result of app-1/stage-1.0/3.0 is too large: ", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            " elements of partition 3 take more than 100000 bytes encoded, which is the most that one partition may give the driver. " +
            "Use more partitions, save the elements to files, or reduce them first.",
            failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ResultProgram_OneElementOverTheLimit_NamesTheLimitOfARecord()
    {
        var rdd = new InlineRddContext().Range(0, 1, 1).Map(_ => new string('x', 200_000));

        var failure = Assert.Throws<RecordBufferFullException>(() => new ResultProgram<string>(rdd, maxBytes: 100_000).Run(rdd.Partitions[0], NewContext()));

        Assert.Contains("in one piece; the limit is 100000. Split the record into smaller ones.", failure.Message, StringComparison.Ordinal);
    }

    private static void WriteAll<T>(RecordBlockWriter<T> writer, T[] records)
    {
        writer.Write(records);
        writer.ToArray();
    }

    private static TaskContext NewContext()
    {
        var attempt = new TaskAttemptId(new("app-1"), 1, 0, 3, 0);
        return new()
        {
            Attempt = attempt,
            Worker = new("worker-1"),
            CancellationToken = CancellationToken.None,
            Shuffle = new InMemoryShuffleStore(),
            Cache = new InMemoryPartitionCache(),
            Broadcasts = new NoBroadcasts(),
            Memory = new WorkerMemory(new MemoryOptions()).Open(attempt),
        };
    }
}
