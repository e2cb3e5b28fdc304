using System.Net;
using System.Net.Sockets;
using Dpark.Configuration;
using Dpark.Workers;

namespace Dpark.Storage;

/// <summary>All requests about blocks, as a client makes them.</summary>
public sealed class BlockServerTests
{
    [Fact]
    public async Task ReadAsync_AnotherLifeOfTheWorkerHasTheAddress_IsRefused()
    {
        await using var rig = new BlockRig(worker: "10.0.0.7:11111@2");
        var block = rig.Store("a", [1]);
        var earlier = new WorkerId("10.0.0.7:11111@1");

        var failure = await Assert.ThrowsAsync<OtherWorkerException>(() => rig.Client.ReadAsync(block with { Worker = earlier }, BlockRig.None));
        await Assert.ThrowsAsync<OtherWorkerException>(() => rig.Client.PutAsync(earlier, rig.Server.Endpoint, BlockRig.Block("b"), new byte[5_000_000], BlockRig.None));
        await Assert.ThrowsAsync<OtherWorkerException>(() => rig.Client.DeleteAsync(earlier, rig.Server.Endpoint, BlockRig.Block("a"), BlockRig.None));

        Assert.Equal(
            $"Worker 10.0.0.7:11111@1 does not serve {rig.Server.Endpoint} any more, so what it kept is lost. Worker 10.0.0.7:11111@2 has the address now.", failure.Message);
        Assert.Equal(earlier, failure.Worker);
        Assert.Null(rig.Blocks.TryGetLength(BlockRig.Block("b")));

        // The connection is of use all the same.
        Assert.Equal([1], await rig.Client.ReadAsync(block, BlockRig.None));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public async Task ReadAsync_StoredBlock_IsReadWhole(int length)
    {
        await using var rig = new BlockRig();
        var bytes = BlockRig.Bytes(length);
        var block = rig.Store("a", bytes);

        Assert.Equal(bytes, await rig.Client.ReadAsync(block, BlockRig.None));
        Assert.Equal(bytes, rig.Client.Read(block, BlockRig.None));
        Assert.Equal(bytes, await ReadStream(await rig.Client.OpenAsync(block, BlockRig.None)));
        Assert.Equal(bytes, await ReadPieces(rig.Client.StreamAsync(block, BlockRig.None)));
    }

    [Fact]
    public async Task Open_StreamReadBothWays_GivesAllBytes()
    {
        await using var rig = new BlockRig();
        var bytes = BlockRig.Bytes(2_000_000);
        var read = new byte[bytes.Length];

        using var stream = rig.Client.Open(rig.Store("a", bytes), BlockRig.None);
        stream.ReadExactly(read, 0, 700_000);
        await stream.ReadExactlyAsync(read.AsMemory(700_000, 700_000));
        stream.ReadExactly(read, 1_400_000, 600_000);

        Assert.Equal(bytes, read);
        Assert.Equal(0, stream.Read(read));
        Assert.Equal((bytes.Length, bytes.Length), (stream.Length, stream.Position));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(3_000_000)]
    [InlineData(9_000_000)]
    public async Task PutAsync_AnyLength_IsStored(int length)
    {
        await using var rig = new BlockRig();
        var bytes = BlockRig.Bytes(length);

        await rig.Client.PutAsync(rig.Worker, rig.Server.Endpoint, BlockRig.Block("a"), bytes, BlockRig.None);
        rig.Client.Put(rig.Worker, rig.Server.Endpoint, BlockRig.Block("b"), bytes, BlockRig.None);

        Assert.Equal(bytes, await rig.Client.ReadAsync(rig.At("a", length), BlockRig.None));
        Assert.Equal(bytes, await rig.Client.ReadAsync(rig.At("b", length), BlockRig.None));
    }

    [Fact]
    public async Task DeleteAsync_Twice_TellsWhetherItWasThere()
    {
        await using var rig = new BlockRig();
        rig.Store("a", [1]);

        Assert.True(await rig.Client.DeleteAsync(rig.Worker, rig.Server.Endpoint, BlockRig.Block("a"), BlockRig.None));
        Assert.False(await rig.Client.DeleteAsync(rig.Worker, rig.Server.Endpoint, BlockRig.Block("a"), BlockRig.None));
        Assert.Null(rig.Blocks.TryGetLength(BlockRig.Block("a")));
    }

    [Fact]
    public async Task ReadAsync_NoSuchBlock_ThrowsAndConnectionIsUsedAgain()
    {
        await using var rig = new BlockRig(server: options => options.MaxConnections = 1);
        var block = rig.Store("a", [1]);

        var failure = await Assert.ThrowsAsync<BlockNotFoundException>(() => rig.Client.ReadAsync(rig.At("b", 1), BlockRig.None));

        Assert.Equal(BlockRig.Block("b"), failure.Block);
        Assert.Equal([1], await rig.Client.ReadAsync(block, BlockRig.None));
        Assert.Empty(rig.Log.Lines);
    }

    [Fact]
    public async Task ReadAsync_OtherLength_IsRefused()
    {
        await using var rig = new BlockRig();
        rig.Store("a", [1, 2]);

        var failure = await Assert.ThrowsAsync<IOException>(() => rig.Client.ReadAsync(rig.At("a", 3), BlockRig.None));

        Assert.StartsWith($"Block app-1/a at {rig.Server.Endpoint} has 2 bytes instead of 3. ", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../a", 10)]
    [InlineData("../a", 9_000_000)]
    public async Task PutAsync_NameThatIsAPath_IsRefusedAndConnectionIsUsedAgain(string name, int length)
    {
        await using var rig = new BlockRig(server: options => options.MaxConnections = 1);

        var failure = await Assert.ThrowsAsync<IOException>(() => rig.Client.PutAsync(rig.Worker, rig.Server.Endpoint, BlockRig.Block(name), new byte[length], BlockRig.None));

        Assert.Contains("'../a' is not a name", failure.Message, StringComparison.Ordinal);
        Assert.False(await rig.Client.DeleteAsync(rig.Worker, rig.Server.Endpoint, BlockRig.Block("a"), BlockRig.None));
    }

    [Theory]
    [InlineData(2000)]
    [InlineData(9_000_000)]
    public async Task PutAsync_NoRoom_ThrowsAndConnectionIsUsedAgain(int length)
    {
        await using var rig = new BlockRig(server: options => options.MaxConnections = 1, blocks: new MemoryBlockStore(1000));

        var failure = await Assert.ThrowsAsync<IOException>(() => rig.Client.PutAsync(rig.Worker, rig.Server.Endpoint, BlockRig.Block("a"), new byte[length], BlockRig.None));

        Assert.Contains("does not fit into memory", failure.Message, StringComparison.Ordinal);
        await rig.Client.PutAsync(rig.Worker, rig.Server.Endpoint, BlockRig.Block("a"), new byte[10], BlockRig.None);
        Assert.Equal(10, rig.Blocks.TryGetLength(BlockRig.Block("a")));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("localhost")]
    public async Task Endpoint_AnyKindOfHost_CanBeConnected(string host)
    {
        if (host == "::1" && !Socket.OSSupportsIPv6)
        {
            return;
        }

        await using var rig = new BlockRig(server: options => options.ListenHost = host);
        var block = rig.Store("a", [1]);

        Assert.StartsWith(host == "::1" ? "[::1]:" : $"{host}:", rig.Server.Endpoint, StringComparison.Ordinal);
        Assert.Equal([1], await rig.Client.ReadAsync(block, BlockRig.None));
        Assert.Equal([1], rig.Client.Read(block, BlockRig.None));
    }

    [Fact]
    public async Task Endpoint_AdvertisedHost_IsUsed()
    {
        await using var rig = new BlockRig(server: options => options.AdvertisedHost = "worker-7.example");

        Assert.Matches(@"^worker-7\.example:\d+$", rig.Server.Endpoint);
    }

    [Fact]
    public async Task Start_PortInUse_ThrowsWithAddress()
    {
        await using var rig = new BlockRig();
        var port = IPEndPoint.Parse(rig.Server.Endpoint).Port;
        await using var second = new BlockServer(rig.Worker, rig.Blocks, rig.MapOutputs, rig.Secret, new BlockServerOptions { Port = port }, rig.Log);

        var failure = Assert.Throws<IOException>(second.Start);

        Assert.Contains($"cannot listen on 127.0.0.1:{port}", failure.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => second.Endpoint);
    }

    private static async Task<byte[]> ReadStream(Stream stream)
    {
        using var bytes = new MemoryStream();
        await using (stream)
        {
            await stream.CopyToAsync(bytes);
        }

        return bytes.ToArray();
    }

    private static async Task<byte[]> ReadPieces(IAsyncEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        using var bytes = new MemoryStream();
        await foreach (var piece in pieces)
        {
            Assert.InRange(piece.Length, 1, 128 << 10);
            bytes.Write(piece.Span);
        }

        return bytes.ToArray();
    }
}
