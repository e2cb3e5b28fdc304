using Dpark.Environments;
using Dpark.Scheduling;
using Dpark.TestKit.Rdds;

namespace Dpark.Rdds;

public sealed class CheckpointTests : IDisposable
{
    private readonly InlineRddContext _dpark = new();
    private readonly TemporaryDirectory _directory = new();

    private string Target => _directory["checkpoint"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task CheckpointAsync_Pairs_HaveTheSamePartitionsWithoutLineage()
    {
        var computed = 0;
        var sums = _dpark.Range(0, 10_000, 4).Map(n => (Key: n % 100, Value: Next(ref computed, n))).ReduceByKey((a, b) => a + b, 3);
        var expected = await sums.Glom().CollectAsync();
        var before = computed;

        var checkpoint = await sums.CheckpointAsync(Target);

        Assert.Empty(checkpoint.Dependencies);
        Assert.Equal(sums.Partitioner, checkpoint.Partitioner);
        Assert.Equal(expected, await checkpoint.Glom().CollectAsync());
        Assert.Equal(before, computed);
        Assert.Equal(["_SUCCESS", "part-00000", "part-00001", "part-00002"], Directory.GetFileSystemEntries(Target).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ReadCheckpoint_OfAnotherApplication_HasAllInOrder()
    {
        var texts = Enumerable.Range(0, 5_000).Select(i => new string((char)('a' + (i % 26)), i % 700)).ToArray();
        await _dpark.Parallelize(texts, 3).CheckpointAsync(Target);

        var read = new InlineRddContext().ReadCheckpoint<string>(Target);

        Assert.Equal(3, read.Partitions.Count);
        Assert.Equal(texts, await read.CollectAsync());
    }

    [Fact]
    public async Task CheckpointAsync_EmptyPartitions_AreEmpty()
    {
        var checkpoint = await _dpark.Range(0, 30, 3).Filter(n => n > 1_000).CheckpointAsync(Target);

        Assert.Equal(3, checkpoint.Partitions.Count);
        Assert.Empty(await checkpoint.CollectAsync());
    }

    [Fact]
    public async Task CheckpointAsync_EachRoundOverTheOneBefore_IsRight()
    {
        Rdd<long> numbers = _dpark.Range(0, 1_000, 2);
        for (var round = 0; round < 3; round++)
        {
            numbers = await numbers.Map(n => n + 1).CheckpointAsync(Target, overwrite: true);
        }

        Assert.Equal(Enumerable.Range(3, 1_000).Select(n => (long)n), await numbers.CollectAsync());
    }

    [Fact]
    public async Task CheckpointAsync_DirectoryIsNotEmpty_IsRefused()
    {
        await _dpark.Range(0, 10, 1).CheckpointAsync(Target);

        await Assert.ThrowsAsync<IOException>(() => _dpark.Range(0, 10, 1).CheckpointAsync(Target));
    }

    [Fact]
    public async Task CheckpointAsync_TaskFails_LeavesNothing()
    {
        await Assert.ThrowsAsync<JobFailedException>(() => _dpark.Range(0, 10, 1).Map(n => 1 / (n - 5)).CheckpointAsync(Target));

        Assert.False(Directory.Exists(Target));
    }

    [Fact]
    public async Task ReadCheckpoint_NoneIsThere_IsNamed()
    {
        Directory.CreateDirectory(Target);

        var failure = await Assert.ThrowsAsync<FileNotFoundException>(() => _dpark.ReadCheckpoint<long>(Target).CountAsync());

        Assert.StartsWith($"{Target} is no checkpoint: it has no _SUCCESS of one.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadCheckpoint_FileIsGone_IsNamedBeforeTheJob()
    {
        await _dpark.Range(0, 10, 2).CheckpointAsync(Target);
        File.Delete(Path.Combine(Target, "part-00001"));

        var failure = await Assert.ThrowsAsync<IOException>(() => _dpark.ReadCheckpoint<long>(Target).CountAsync());

        Assert.Contains("part-00001 is not there", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(1_000)]
    [InlineData(-1)]
    public async Task Read_FlippedBit_FailsTheJobAndNamesTheFile(int offset)
    {
        var checkpoint = await _dpark.Range(0, 1_000, 2).CheckpointAsync(Target);
        Assert.Equal(2, checkpoint.Partitions.Count);
        var path = Path.Combine(Target, "part-00001");
        var bytes = File.ReadAllBytes(path);
        bytes[offset < 0 ? bytes.Length + offset : offset] ^= 0x20;
        File.WriteAllBytes(path, bytes);

        var failure = await Assert.ThrowsAsync<JobFailedException>(() => checkpoint.CollectAsync());

        Assert.Contains($"Partition 1 of the checkpoint {Target} cannot be read from {path}: ", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(-1)]
    public async Task Read_FileTruncatedAfterItWasListed_FailsTheJobAndNamesTheFile(int length)
    {
        var checkpoint = await _dpark.Range(0, 1_000, 2).CheckpointAsync(Target);
        Assert.Equal(2, checkpoint.Partitions.Count);
        var path = Path.Combine(Target, "part-00000");
        if (length < 0)
        {
            File.Delete(path);
        }
        else
        {
            using var file = File.OpenWrite(path);
            file.SetLength(length);
        }

        var failure = await Assert.ThrowsAsync<JobFailedException>(() => checkpoint.CollectAsync());

        Assert.Contains($"Partition 0 of the checkpoint {Target} cannot be read from {path}: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_AnotherType_FailsTheJob()
    {
        await _dpark.Range(0, 10, 1).CheckpointAsync(Target);

        var failure = await Assert.ThrowsAsync<JobFailedException>(() => _dpark.ReadCheckpoint<string>(Target).CollectAsync());

        Assert.Contains("shape", failure.Message, StringComparison.Ordinal);
    }

    private static long Next(ref int computed, long value)
    {
        computed++;
        return value;
    }
}
