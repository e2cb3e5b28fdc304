
namespace Dpark.Caching;

/// <summary>Cached partitions that are read from other workers, and copies of them.</summary>
public sealed class RemoteCacheTests : IDisposable
{
    private readonly CacheRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(StorageLevel.Memory)]
    [InlineData(StorageLevel.Serialized)]
    [InlineData(StorageLevel.Disk)]
    public void Read_AnotherWorkerKeepsIt_IsStreamedFromThere(StorageLevel level)
    {
        var rdd = _rig.NewRdd(level);
        _rig.Read(0, rdd);

        var read = _rig.Read(1, rdd, holders: [0]);

        Assert.Equal(CacheRig.Elements, read);
        Assert.Equal(1, _rig.ComputedCount);
        Assert.Empty(_rig[1].List(CacheRig.App));
        Assert.InRange(_rig.Metrics.CacheRemoteBytesRead, sizeof(long) * read.Count, (sizeof(long) * read.Count) + 20_000);
        Assert.Equal([CacheRig.Peer(0).Worker], Assert.Single(_rig.Kept).Workers);
    }

    [Fact]
    public void Read_OwnWorkerKeepsIt_IsNotAskedElsewhere()
    {
        var rdd = _rig.NewRdd(StorageLevel.Memory);
        _rig.Read(0, rdd);
        _rig.OnRead = (_, _) => Assert.Fail("Another worker was asked.");

        Assert.Equal(CacheRig.Elements, _rig.Read(0, rdd, holders: [1]));
    }

    [Fact]
    public void Read_EmptyPartitionOfAnotherWorker_IsEmpty()
    {
        var rdd = _rig.NewRdd(StorageLevel.Memory);
        var key = new PartitionKey(CacheRig.App, rdd.Id, 0);
        Assert.False(_rig[0].TryGet(key, StorageLevel.Memory, CancellationToken.None, out var entry));
        _rig[0].Keep(entry, new CachedBatches<long>([]), 0);

        Assert.Empty(_rig.Read(1, rdd, holders: [0]));
        Assert.Equal(0, _rig.ComputedCount);
    }

    [Fact]
    public void Read_HolderDroppedIt_IsComputedAndKept()
    {
        var rdd = _rig.NewRdd(StorageLevel.Memory);
        _rig.Read(0, rdd);
        _rig[0].DropRdd(CacheRig.App, rdd.Id);

        Assert.Equal(CacheRig.Elements, _rig.Read(1, rdd, holders: [0]));

        Assert.Equal(2, _rig.ComputedCount);
        Assert.Single(_rig[1].List(CacheRig.App));
    }

    [Fact]
    public void Read_FirstHolderIsLost_TakesTheCopy()
    {
        var rdd = _rig.NewRdd(StorageLevel.MemoryTwice);
        _rig.Read(0, rdd, targets: [1, 2]);
        _rig.Lost.Add(0);

        Assert.Equal(CacheRig.Elements, _rig.Read(2, rdd, holders: [0, 1]));
        Assert.Equal(1, _rig.ComputedCount);
    }

    [Theory]
    [InlineData(StorageLevel.MemoryTwice)]
    [InlineData(StorageLevel.DiskTwice)]
    public void Read_HolderIsLostWhileItIsRead_GoesOnWithTheCopy(StorageLevel level)
    {
        var rdd = _rig.NewRdd(level);
        _rig.Read(0, rdd, targets: [1]);
        _rig.OnRead = (worker, count) =>
        {
            if (worker == 0 && count > CacheRig.SegmentCount + 2)
            {
                _rig.Lost.Add(0);
            }
        };

        Assert.Equal(CacheRig.Elements, _rig.Read(2, rdd, holders: [0, 1]));
        Assert.Contains(0, _rig.Lost);
        Assert.Equal(1, _rig.ComputedCount);
    }

    [Fact]
    public void Read_OnlyHolderIsLostWhileItIsRead_FailsAndTheNextAttemptComputes()
    {
        var rdd = _rig.NewRdd(StorageLevel.Memory);
        _rig.Read(0, rdd);
        _rig.OnRead = (_, count) =>
        {
            if (count == 3)
            {
                _rig.Lost.Add(0);
            }
        };

        var failure = Assert.Throws<IOException>(() => _rig.Read(1, rdd, holders: [0]));

        Assert.Matches(@"^The rest of partition 0 of rdd-\d+ of app-1, behind its first \d+ elements, is on no worker any more\. worker-0 is gone\.$", failure.Message);
        Assert.Equal(CacheRig.Elements, _rig.Read(1, rdd, holders: [0]));
        Assert.Equal(2, _rig.ComputedCount);
    }

    [Fact]
    public void Read_HolderMovesItToDiskWhileItIsRead_GoesOn()
    {
        using var rig = new CacheRig(workerCount: 2, maxBytes: 6_000_000);
        var rdd = rig.NewRdd(StorageLevel.SerializedAndDisk);
        var newer = rig.NewRdd(StorageLevel.Serialized);
        rig.Read(0, rdd);
        Assert.False(Assert.Single(rig[0].List(CacheRig.App)).IsOnDisk);
        using var reader = rig.Open(1, rdd, holders: [0]);
        var first = reader.Next().ToArray();

        rig.Read(0, newer);

        Assert.True(rig[0].List(CacheRig.App).Single(kept => kept.Rdd == rdd.Id).IsOnDisk);
        Assert.Equal(CacheRig.Elements, first.Concat(CacheRig.Drain(reader)));
        Assert.Equal(2, rig.ComputedCount);
    }

    [Fact]
    public void Read_HolderComputedItAgainWhileItIsRead_IsNotMixed()
    {
        var rdd = _rig.NewRdd(StorageLevel.Memory);
        _rig.Read(0, rdd);
        using var reader = _rig.Open(1, rdd, holders: [0]);
        Assert.False(reader.Next().IsEmpty);

        _rig[0].DropRdd(CacheRig.App, rdd.Id);
        _rig.Read(0, rdd);

        Assert.Throws<IOException>(() => CacheRig.Drain(reader));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(28)]
    [InlineData(36)]
    [InlineData(42)]
    [InlineData(50_000)]
    public void Read_SegmentIsDamagedOnItsWay_TakesAnotherHolder(int position)
    {
        var rdd = _rig.NewRdd(StorageLevel.MemoryTwice);
        _rig.Read(0, rdd, targets: [1]);
        _rig.OnSent = (worker, bytes) => bytes[position] ^= (byte)(worker == 0 ? 0x04 : 0);

        Assert.Equal(CacheRig.Elements, _rig.Read(2, rdd, holders: [0, 1]));
        Assert.Equal(1, _rig.ComputedCount);
    }

    [Theory]
    [InlineData(StorageLevel.MemoryTwice, false)]
    [InlineData(StorageLevel.SerializedTwice, false)]
    [InlineData(StorageLevel.DiskTwice, true)]
    [InlineData(StorageLevel.MemoryAndDiskTwice, false)]
    [InlineData(StorageLevel.SerializedAndDiskTwice, false)]
    public void Keep_LevelWithCopy_IsOnTwoWorkers(StorageLevel level, bool isOnDisk)
    {
        var rdd = _rig.NewRdd(level);

        var read = _rig.Read(0, rdd, targets: [2, 1]);

        Assert.Equal(CacheRig.Elements, read);
        Assert.Equal([CacheRig.Peer(0).Worker, CacheRig.Peer(2).Worker], Assert.Single(_rig.Kept).Workers);
        Assert.Empty(_rig[1].List(CacheRig.App));
        var copy = Assert.Single(_rig[2].List(CacheRig.App));
        Assert.Equal((level, isOnDisk, (long)read.Count), (copy.Level, copy.IsOnDisk, copy.RecordCount));
        Assert.Equal(read, _rig.Read(2, rdd));
        Assert.Equal(1, _rig.ComputedCount);
        _rig[2].DropRdd(CacheRig.App, rdd.Id);
        Assert.Empty(_rig[2].List(CacheRig.App));
        Assert.Equal(0, _rig[2].Bytes);
    }

    [Fact]
    public void Keep_FirstTargetIsGone_TheNextTakesTheCopy()
    {
        _rig.Lost.Add(1);

        _rig.Read(0, _rig.NewRdd(StorageLevel.MemoryTwice), targets: [1, 2]);

        Assert.Equal([CacheRig.Peer(0).Worker, CacheRig.Peer(2).Worker], Assert.Single(_rig.Kept).Workers);
        Assert.Empty(_rig.Warnings);
    }

    [Fact]
    public void Keep_NobodyTakesTheCopy_IsKeptOnceAndSaysSo()
    {
        var rdd = _rig.NewRdd(StorageLevel.MemoryTwice);

        Assert.Equal(CacheRig.Elements, _rig.Read(0, rdd));

        Assert.Single(Assert.Single(_rig.Kept).Workers);
        Assert.Equal(
            $"Partitions of {rdd.Id} are kept once, although their level MemoryTwice asks for a copy. There is no other worker.", Assert.Single(_rig.Warnings));
    }

    [Fact]
    public void Keep_TargetHasNoRoom_GoesToItsDiskOrIsRefused()
    {
        using var rig = new CacheRig(workerCount: 2, maxBytes: 5_000_000);
        var inMemory = rig.NewRdd(StorageLevel.SerializedTwice);
        var onDisk = rig.NewRdd(StorageLevel.SerializedAndDiskTwice);
        var blocker = rig.NewRdd(StorageLevel.Serialized);

        // What is being computed there cannot be dropped for the copy.
        Assert.False(rig[1].TryGet(new(CacheRig.App, blocker.Id, 0), StorageLevel.Serialized, CancellationToken.None, out var computing));
        Assert.True(rig[1].TryReserve(computing, 3_000_000));
        rig.Read(0, inMemory, targets: [1]);
        rig.Read(0, onDisk, targets: [1]);

        Assert.Equal([1, 2], rig.Kept.Select(kept => kept.Workers.Length));
        Assert.Contains("had no room", Assert.Single(rig.Warnings), StringComparison.Ordinal);
        var copy = Assert.Single(rig[1].List(CacheRig.App));
        Assert.Equal((onDisk.Id, true), (copy.Rdd, copy.IsOnDisk));
        Assert.Equal(3_000_000, rig[1].Bytes);
    }

    [Fact]
    public void TakeCopy_Twice_IsHarmless()
    {
        var rdd = _rig.NewRdd(StorageLevel.MemoryTwice);
        _rig.Read(0, rdd, targets: [1]);
        var bytes = _rig[1].Bytes;

        Assert.Null(_rig[1].TryTakeCopy(new(new(CacheRig.App, rdd.Id, 0), rdd.StorageLevel, Guid.NewGuid(), CacheRig.Peer(0)), CancellationToken.None));

        Assert.Equal(bytes, _rig[1].Bytes);
    }

    [Theory]
    [InlineData(StorageLevel.Memory, 2, StorageLevel.MemoryTwice)]
    [InlineData(StorageLevel.SerializedAndDisk, 2, StorageLevel.SerializedAndDiskTwice)]
    [InlineData(StorageLevel.DiskTwice, 1, StorageLevel.Disk)]
    [InlineData(StorageLevel.DiskTwice, 2, StorageLevel.DiskTwice)]
    public void WithReplicas_Number_IsTheLevel(StorageLevel level, int replicas, StorageLevel expected) => Assert.Equal(expected, level.WithReplicas(replicas));

    [Theory]
    [InlineData(StorageLevel.None, 2)]
    [InlineData(StorageLevel.Memory, 0)]
    [InlineData(StorageLevel.Memory, 3)]
    [InlineData((StorageLevel)8, 2)]
    public void WithReplicas_NoSuchLevel_IsRefused(StorageLevel level, int replicas) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => level.WithReplicas(replicas));

    [Fact]
    public void Encode_Segment_HasTheseBytes()
    {
        var content = new Guid("00112233-4455-6677-8899-aabbccddeeff");

        var bytes = new CachedSegment(content, 1, 2, 0x1_0000_0003, new byte[] { 9, 8 }).Encode();

        Assert.Equal("33221100554477668899AABBCCDDEEFF" + "0100000000000000" + "0200000000000000" + "0300000001000000", Convert.ToHexString(bytes.AsSpan(0, 40)));
        Assert.Equal("0908", Convert.ToHexString(bytes.AsSpan(44)));
        Assert.Equal(Codecs.Crc32C.Of([.. bytes.AsSpan(0, 40), 9, 8]), BitConverter.ToUInt32(bytes, 40));
    }
}
