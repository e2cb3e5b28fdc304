using System.Diagnostics;
using Dpark.Configuration;
using Dpark.TestKit;

namespace Dpark.Storage;

/// <summary>Streams and connections of block clients: memory, readers that take their time, broken and kept connections, cancelling.</summary>
public sealed class BlockStreamTests
{
    private const int LargeBytes = 256 << 20;

    [Fact]
    public async Task Stream_ReaderThatTakesNothing_HoldsNoMoreThanTheSocketsDo()
    {
        var blocks = new CountingStore(LargeBytes);
        await using var rig = new BlockRig(blocks: blocks);
        using var stream = await rig.Client.OpenAsync(rig.At("large", LargeBytes), BlockRig.None);

        // When the server answers a second client, the first one's answer has long come to where it must wait.
        await rig.Client.ReadAsync(rig.At("small", 1), BlockRig.None);
        await stream.ReadExactlyAsync(new byte[1]);

        Assert.InRange(blocks.BytesRead, 1, LargeBytes / 4);
    }

    [Fact]
    public async Task Stream_ReaderSlowerThanTheServersPatience_GoesOnWhereItWas()
    {
        await using var rig = new BlockRig(server: options => options.PeerTimeout = TimeSpan.FromMilliseconds(200), client: options => options.MaxAttempts = 100);
        var bytes = BlockRig.Bytes(40_000_000);
        var read = new byte[bytes.Length];
        using var stream = await rig.Client.OpenAsync(rig.Store("a", bytes), BlockRig.None);
        await stream.ReadExactlyAsync(read.AsMemory(0, 1000));

        var line = await rig.Log.LineWithAsync("silent for too long").WaitAsync(BlockRig.Limit);
        await stream.ReadExactlyAsync(read.AsMemory(1000)).AsTask().WaitAsync(BlockRig.Limit);

        Assert.Contains("broke while bytes were sent", line, StringComparison.Ordinal);
        Assert.Equal(bytes, read);
    }

    [Fact]
    public async Task Stream_CutInTheMiddle_GoesOnWhereItWas()
    {
        await using var rig = new BlockRig();
        var bytes = BlockRig.Bytes(2_000_000);
        await using var proxy = new FaultyProxy(rig.Server.Endpoint, _ => new Fault(CutAt: Fault.Greeting + 700_001));
        var block = rig.Store("a", bytes) with { Endpoint = proxy.Endpoint };

        Assert.Equal(bytes, await rig.Client.ReadAsync(block, BlockRig.None));
        Assert.Equal(bytes, rig.Client.Read(block, BlockRig.None));

        // A cut connection may lose what was on its way.
        Assert.InRange(proxy.ConnectionCount, 6, 200);
    }

    [Fact]
    public async Task Stream_ReplacedByAShorterBlockWhileItIsRead_IsRefused()
    {
        await using var rig = new BlockRig();
        await using var proxy = new FaultyProxy(rig.Server.Endpoint, connection => connection == 0 ? new Fault(CutAt: Fault.Greeting + 700_000) : Fault.None);
        var block = rig.Store("a", BlockRig.Bytes(2_000_000)) with { Endpoint = proxy.Endpoint };
        using var stream = rig.Client.Open(block, BlockRig.None);

        rig.Store("a", BlockRig.Bytes(1_500_000));
        var failure = Assert.Throws<IOException>(() => stream.CopyTo(Stream.Null));

        Assert.Contains("It was replaced while it was read", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_CutInTheMiddle_IsRepeated()
    {
        await using var rig = new BlockRig();
        var bytes = BlockRig.Bytes(3_000_000);
        await using var proxy = new FaultyProxy(rig.Server.Endpoint, connection => connection < 2 ? new Fault(CutAt: Fault.Greeting) : Fault.None);

        await rig.Client.PutAsync(rig.Worker, proxy.Endpoint, BlockRig.Block("a"), bytes, BlockRig.None);

        Assert.Equal(3, proxy.ConnectionCount);
        Assert.Equal(bytes, await rig.Client.ReadAsync(rig.At("a", bytes.Length), BlockRig.None));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_CancelledWhileTheServerIsSilent_EndsAtOnce(bool blocking)
    {
        await using var rig = new BlockRig();
        var block = rig.Store("a", new byte[1_000_000]);
        await using var proxy = new FaultyProxy(rig.Server.Endpoint, _ => new Fault(StallAt: Fault.Greeting + 100_000));
        using var cancelled = new CancellationTokenSource();
        block = block with { Endpoint = proxy.Endpoint };

        var reading = blocking ? Task.Run(() => rig.Client.Read(block, cancelled.Token)) : rig.Client.ReadAsync(block, cancelled.Token);
        await proxy.Stalled.Task.WaitAsync(BlockRig.Limit);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(BlockRig.Limit));
    }

    [Fact]
    public async Task Read_ServerThatNeverGreets_FailsAfterItsAttempts()
    {
        await using var rig = new BlockRig(client: options => (options.ConnectTimeout, options.MaxAttempts) = (TimeSpan.FromMilliseconds(100), 2));
        await using var proxy = new FaultyProxy(rig.Server.Endpoint, _ => new Fault(StallAt: 0));

        var failure = await Assert.ThrowsAsync<NoAnswerException>(() => rig.Client.ReadAsync(rig.At("a", 1) with { Endpoint = proxy.Endpoint }, BlockRig.None).WaitAsync(BlockRig.Limit));

        Assert.Contains("tries: 2", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, proxy.ConnectionCount);
    }

    [Fact]
    public async Task Dispose_WhileReading_EndsTheRead()
    {
        await using var rig = new BlockRig();
        var block = rig.Store("a", new byte[1_000_000]);
        await using var proxy = new FaultyProxy(rig.Server.Endpoint, _ => new Fault(StallAt: Fault.Greeting + 100_000));
        var reading = rig.Client.ReadAsync(block with { Endpoint = proxy.Endpoint }, BlockRig.None);
        await proxy.Stalled.Task.WaitAsync(BlockRig.Limit);

        rig.Client.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading.WaitAsync(BlockRig.Limit));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => rig.Client.ReadAsync(block, BlockRig.None));
    }

    [Fact]
    public async Task Read_OneAfterTheOther_UsesOneConnection()
    {
        await using var rig = new BlockRig();
        await using var proxy = new FaultyProxy(rig.Server.Endpoint, _ => Fault.None);
        var block = rig.Store("a", [1]) with { Endpoint = proxy.Endpoint };

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal([1], i % 2 == 0 ? rig.Client.Read(block, BlockRig.None) : await rig.Client.ReadAsync(block, BlockRig.None));
        }

        Assert.Equal(1, proxy.ConnectionCount);
    }

    [Fact]
    public async Task Read_KeptConnectionThatTheServerClosed_IsNoFailedAttempt()
    {
        await using var rig = new BlockRig(client: options => options.MaxAttempts = 1);
        var endpoint = rig.Server.Endpoint;
        var block = rig.Store("a", [1]);
        Assert.Equal([1], rig.Client.Read(block, BlockRig.None));
        await rig.Server.DisposeAsync();
        var options = new BlockServerOptions { Port = System.Net.IPEndPoint.Parse(endpoint).Port };
        await using var restarted = new BlockServer(rig.Worker, rig.Blocks, rig.MapOutputs, rig.Secret, options, rig.Log);
        restarted.Start();

        Assert.Equal([1], rig.Client.Read(block, BlockRig.None));
    }

    [Fact]
    public async Task IdleTimeout_OfTheClient_ClosesKeptConnections()
    {
        var time = new ManualTimeProvider();
        await using var rig = new BlockRig(client: options => options.IdleTimeout = TimeSpan.FromMinutes(2), time: time);
        await using var proxy = new FaultyProxy(rig.Server.Endpoint, _ => Fault.None);
        var block = rig.Store("a", [1]) with { Endpoint = proxy.Endpoint };
        Assert.Equal([1], await rig.Client.ReadAsync(block, BlockRig.None));

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([1], await rig.Client.ReadAsync(block, BlockRig.None));
        var before = proxy.ConnectionCount;
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal([1], await rig.Client.ReadAsync(block, BlockRig.None));

        Assert.Equal((1, 2), (before, proxy.ConnectionCount));
    }

    [Fact]
    public async Task Read_ManyAtOnce_AllComeRight()
    {
        await using var rig = new BlockRig(client: options => options.MaxIdleConnections = 2);
        var blocks = Enumerable.Range(0, 20).Select(i => (Bytes: BlockRig.Bytes(50_000 + i, i), Name: $"b{i}")).ToArray();
        var locations = blocks.Select(block => rig.Store(block.Name, block.Bytes)).ToArray();

        var reads = Enumerable.Range(0, 200).Select(i => rig.Client.ReadAsync(locations[i % 20], BlockRig.None)).ToArray();
        var results = await Task.WhenAll(reads).WaitAsync(BlockRig.Limit);

        Assert.All(results.Index(), result => Assert.Equal(blocks[result.Index % 20].Bytes, result.Item));
    }

    /// <summary>A store with one large block and any small ones, which counts what is read of the large one.</summary>
    private sealed class CountingStore(long largeBytes) : IBlockStore
    {
        private long _bytesRead;

        public long BytesRead => Volatile.Read(ref _bytesRead);

        public void Put(BlockId block, ReadOnlyMemory<byte> bytes) => throw new UnreachableException();

        public void Put(BlockId block, Stream source) => throw new UnreachableException();

        public long? TryGetLength(BlockId block) => block.Name == "large" ? largeBytes : 1;

        public Stream? TryOpen(BlockId block) => block.Name == "large" ? new CountedStream(this, largeBytes) : new MemoryStream([1]);

        public bool Delete(BlockId block) => false;

        public void DeleteApplication(Applications.AppId application)
        {
        }

        private sealed class CountedStream(CountingStore store, long length) : ReadOnlyStream
        {
            public override long Length => length;

            public override long Position { get; set; }

            public override int Read(byte[] buffer, int offset, int count)
            {
                var read = (int)Math.Min(count, length - Position);
                Position += read;
                Interlocked.Add(ref store._bytesRead, read);
                return read;
            }
        }
    }
}
