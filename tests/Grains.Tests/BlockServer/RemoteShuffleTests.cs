using Dpark.Configuration;
using Dpark.Shuffle;

namespace Dpark.Storage;

/// <summary>Shuffles whose map outputs are on other workers, with everything that can happen to their bytes on the way.</summary>
public sealed class RemoteShuffleTests
{
    private static readonly (int, long)[] ManyPairs = [.. Enumerable.Range(0, 250_000).Select(i => (i, (long)i << 32))];

    [Theory]
    [InlineData(ShuffleCompression.None)]
    [InlineData(ShuffleCompression.Lz4)]
    public async Task ReadBucket_OutputsOnAllWorkers_GivesEveryPairOnce(ShuffleCompression compression)
    {
        await using var cluster = new ShuffleCluster(3);
        cluster.Options.Compression = compression;
        for (var map = 0; map < 9; map++)
        {
            cluster.Write(map % 3, map, ManyPairs.Where(pair => pair.Item1 % 9 == map), bucketCount: 4);
        }

        var read = Enumerable.Range(0, 4).SelectMany(reduce => cluster.ReadBucket(reduce % 3, reduce)).Order();

        Assert.Equal(ManyPairs, read);
    }

    [Fact]
    public async Task ReadBucket_ThousandsOfSmallBuckets_ComeInOneRequest()
    {
        await using var cluster = new ShuffleCluster(2, server: options => options.MaxConnections = 1);
        for (var map = 0; map < 3000; map++)
        {
            cluster.Write(1, map, [(map, 1), (map + 1_000_000, 2)], bucketCount: 2);
        }

        var read = cluster.ReadBucket(0, 0).Concat(cluster.ReadBucket(0, 1)).ToList();

        Assert.Equal(6000, read.Count);
        Assert.Equal(9000, read.Sum(pair => pair.Value));
        Assert.True(cluster.Metrics.ShuffleRemoteBytesRead > 0);
        Assert.Equal(cluster.Metrics.ShuffleBytesRead, cluster.Metrics.ShuffleRemoteBytesRead);
    }

    [Fact]
    public async Task OpenBuckets_MoreThanOneRequestHolds_AreAskedForInTurn()
    {
        await using var cluster = new ShuffleCluster(1, server: options => options.MaxConnections = 1);
        var output = cluster.Write(0, 0, [(1, 1)], bucketCount: 1);
        var wanted = Enumerable.Repeat((0, output.Attempt), Transfer.BlockProtocol.MaxBucketsPerRequest + 5).ToArray();
        var rig = cluster.Workers[0];
        var buffer = new byte[output.BucketBytes[0]];

        using var buckets = rig.Client.OpenBuckets(rig.Worker, rig.Server.Endpoint, new BucketRequest(cluster.Shuffle, 0, wanted), BlockRig.None);
        byte[]? first = null;
        for (var i = 0; i < wanted.Length; i++)
        {
            using var bucket = buckets.Next();
            Assert.Equal(buffer.Length, bucket.Length);
            for (var position = 0; position < buffer.Length;)
            {
                position += bucket.Read(buffer.AsMemory(position));
            }

            first ??= [.. buffer];
            Assert.Equal(first, buffer);
        }
    }

    [Fact]
    public async Task ReadBucket_ConnectionCutAgainAndAgain_GoesOnWhereItWas()
    {
        await using var cluster = new ShuffleCluster(2, client: options => options.MaxAttempts = 2);
        cluster.Write(1, 0, ManyPairs, bucketCount: 1);
        cluster.Write(1, 1, ManyPairs, bucketCount: 1);
        await using var proxy = new FaultyProxy(cluster.Outputs[0].Endpoint, connection => new Fault(CutAt: Fault.Greeting + 300_001));
        Redirect(cluster, proxy.Endpoint);

        var read = cluster.ReadBucket(0, 0);

        Assert.Equal(ManyPairs.Concat(ManyPairs), read);
        Assert.InRange(proxy.ConnectionCount, 3, 100);
    }

    [Fact]
    public async Task ReadBucket_ConnectionAlwaysCutBeforeTheFirstByte_FailsAfterItsAttempts()
    {
        await using var cluster = new ShuffleCluster(2, client: options => options.MaxAttempts = 3);
        cluster.Write(1, 7, ManyPairs, bucketCount: 1);
        await using var proxy = new FaultyProxy(cluster.Outputs[0].Endpoint, connection => new Fault(CutAt: Fault.Greeting + 12));
        Redirect(cluster, proxy.Endpoint);

        var failure = Assert.Throws<FetchFailedException>(() => cluster.ReadBucket(0, 0));

        Assert.Equal((7, "worker-1", cluster.Shuffle), (failure.MapIndex, failure.Worker.ToString(), failure.Shuffle));
        Assert.Contains($"{proxy.Endpoint} gave no answer, tries: 3", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, proxy.ConnectionCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task ReadBucket_OutputsOfManySegmentsAndConnectionCut_GivesEveryPairOnce(int bucketCount)
    {
        await using var cluster = new ShuffleCluster(2, client: options => options.MaxAttempts = 2);
        cluster.Options.SpillThresholdBytes = 1 << 20;
        cluster.Write(1, 0, ManyPairs, bucketCount);
        cluster.Write(1, 1, ManyPairs, bucketCount);
        using (var slice = cluster.Workers[1].MapOutputs.TryOpen(cluster.Shuffle, 0, cluster.Outputs[0].Output.Attempt, 0, 1)!)
        {
            Assert.InRange(slice.Parts.Length, 2, 10);
        }

        await using var proxy = new FaultyProxy(cluster.Outputs[0].Endpoint, connection => new Fault(CutAt: Fault.Greeting + 300_001));
        Redirect(cluster, proxy.Endpoint);

        var read = Enumerable.Range(0, bucketCount).SelectMany(bucket => cluster.ReadBucket(0, bucket)).Order();

        Assert.Equal(ManyPairs.Concat(ManyPairs).Order(), read);
        Assert.InRange(proxy.ConnectionCount, 3, 100);
    }

    [Theory]
    [InlineData(12)] // The kind of the first frame.
    [InlineData(17)] // Its stored length.
    [InlineData(21)] // Its raw length.
    [InlineData(26)] // Its checksum.
    [InlineData(40)] // Its payload.
    [InlineData(500_000)] // A later frame.
    [InlineData(0)] // The status of the answer.
    [InlineData(2)] // Its zeros.
    [InlineData(5)] // Its length.
    [InlineData(11)] // Its length, far too long.
    public async Task ReadBucket_FlippedBit_IsAFetchFailureAndNeverWrongData(long position)
    {
        await using var cluster = new ShuffleCluster(2);
        cluster.Write(1, 7, ManyPairs, bucketCount: 1);
        await using var proxy = new FaultyProxy(cluster.Outputs[0].Endpoint, connection => new Fault(FlipAt: Fault.Greeting + position));
        Redirect(cluster, proxy.Endpoint);

        var failure = Assert.Throws<FetchFailedException>(() => cluster.ReadBucket(0, 0));

        Assert.Equal((7, "worker-1"), (failure.MapIndex, failure.Worker.ToString()));
    }

    [Fact]
    public async Task ReadBucket_WorkerCameBackUnderItsAddress_IsALostMapOutput()
    {
        await using var cluster = new ShuffleCluster(2);
        var output = cluster.Write(1, 7, ManyPairs, bucketCount: 1);

        // The same files are there, as if they were of the life that the registry knows.
        cluster.Outputs[0] = cluster.Outputs[0] with { Output = output with { Worker = new("worker-1, an earlier life") } };

        var failure = Assert.Throws<FetchFailedException>(() => cluster.ReadBucket(0, 0));

        Assert.Equal((7, "worker-1, an earlier life"), (failure.MapIndex, failure.Worker.ToString()));
        Assert.Contains("worker-1 has the address now", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadBucket_WorkerThatHangs_FailsAtItsLimit()
    {
        await using var cluster = new ShuffleCluster(2, client: options => options.PeerTimeout = TimeSpan.FromMilliseconds(100));
        cluster.Write(1, 7, ManyPairs, bucketCount: 1);
        await using var proxy = new FaultyProxy(cluster.Outputs[0].Endpoint, connection => new Fault(StallAt: Fault.Greeting + 400_000));
        Redirect(cluster, proxy.Endpoint);

        var failure = await Assert.ThrowsAsync<FetchFailedException>(() => Task.Run(() => cluster.ReadBucket(0, 0)).WaitAsync(BlockRig.Limit));

        Assert.Contains("silent for too long", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, proxy.ConnectionCount);
    }

    [Fact]
    public async Task ReadBucket_CancelledWhileItWaits_EndsAtOnce()
    {
        await using var cluster = new ShuffleCluster(2);
        cluster.Write(1, 7, ManyPairs, bucketCount: 1);
        await using var proxy = new FaultyProxy(cluster.Outputs[0].Endpoint, connection => new Fault(StallAt: Fault.Greeting + 400_000));
        Redirect(cluster, proxy.Endpoint);
        using var cancelled = new CancellationTokenSource();

        var reading = Task.Run(() => cluster.ReadBucket(0, 0, cancelled.Token));
        await proxy.Stalled.Task.WaitAsync(BlockRig.Limit);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(BlockRig.Limit));
    }

    [Fact]
    public async Task ReadBucket_WorkerIsGone_IsAFetchFailure()
    {
        await using var cluster = new ShuffleCluster(2);
        cluster.Write(1, 7, ManyPairs, bucketCount: 1);
        await cluster.Workers[1].Server.DisposeAsync();

        var failure = Assert.Throws<FetchFailedException>(() => cluster.ReadBucket(0, 0));

        Assert.Equal(7, failure.MapIndex);
    }

    [Fact]
    public async Task ReadBucket_ServerStopsInTheMiddle_IsAFetchFailure()
    {
        await using var cluster = new ShuffleCluster(2);
        cluster.Write(1, 7, Enumerable.Range(0, 5_000_000).Select(i => (i, (long)i)), bucketCount: 1);
        using var reader = cluster.Open(0, 0);
        Assert.False(reader.Next().IsEmpty);

        await cluster.Workers[1].Server.DisposeAsync().AsTask().WaitAsync(BlockRig.Limit);

        Assert.Throws<FetchFailedException>(() => ReadToEnd(reader));
    }

    [Fact]
    public async Task ReadBucket_OutputWasDeleted_NamesTheMapAndConnectionIsUsedAgain()
    {
        await using var cluster = new ShuffleCluster(2, server: options => options.MaxConnections = 1);
        cluster.Write(1, 0, [(1, 1)], bucketCount: 1);
        cluster.Outputs.Add(cluster.Outputs[0] with { Output = cluster.Outputs[0].Output with { MapIndex = 8 } });

        var failure = Assert.Throws<FetchFailedException>(() => cluster.ReadBucket(0, 0));
        cluster.Outputs.RemoveAt(1);

        Assert.Equal(8, failure.MapIndex);
        Assert.Contains("Map output 8 of shuffle-3, written by attempt 0, is not on this worker.", failure.Message, StringComparison.Ordinal);
        Assert.Equal([(1, 1L)], cluster.ReadBucket(0, 0));
    }

    [Fact]
    public async Task ReadBucket_FileWasCutShort_IsAFetchFailure()
    {
        await using var cluster = new ShuffleCluster(2);
        cluster.Write(1, 7, ManyPairs, bucketCount: 1);
        var path = Assert.Single(Directory.GetFiles(cluster.Workers[1].Root, "map-*", SearchOption.AllDirectories));
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(1000);
        }

        var failure = Assert.Throws<FetchFailedException>(() => cluster.ReadBucket(0, 0));

        Assert.Contains("Its file was cut short.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenBuckets_NoSuchBucket_IsRefused()
    {
        await using var cluster = new ShuffleCluster(1);
        var output = cluster.Write(0, 0, [(1, 1)], bucketCount: 1);
        var rig = cluster.Workers[0];

        using var buckets = rig.Client.OpenBuckets(rig.Worker, rig.Server.Endpoint, new BucketRequest(cluster.Shuffle, 1, [(0, output.Attempt)]), BlockRig.None);
        var failure = Assert.Throws<IOException>(buckets.Next);

        Assert.Contains("Map output 0 of shuffle-3 has no bucket 1.", failure.Message, StringComparison.Ordinal);
    }

    private static void Redirect(ShuffleCluster cluster, string endpoint)
    {
        for (var i = 0; i < cluster.Outputs.Count; i++)
        {
            cluster.Outputs[i] = cluster.Outputs[i] with { Endpoint = endpoint };
        }
    }

    private static void ReadToEnd(Dpark.Rdds.BatchReader<(int Key, long Value)> reader)
    {
        while (!reader.Next().IsEmpty)
        {
        }
    }
}
