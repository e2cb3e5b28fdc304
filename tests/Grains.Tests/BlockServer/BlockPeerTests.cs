using System.Buffers.Binary;
using System.Text;
using Dpark.Configuration;
using Dpark.Storage.Transfer;
using Dpark.TestKit;

namespace Dpark.Storage;

/// <summary>Peers that do not know the secret, send nonsense, or are too many, and servers that stop.</summary>
public sealed class BlockPeerTests
{
    [Theory]
    [InlineData("wrong")]
    [InlineData("")]
    public async Task ReadAsync_WrongSecret_IsRefusedOnceAndLogged(string secret)
    {
        await using var rig = new BlockRig();
        using var client = new BlockClient(Encoding.UTF8.GetBytes(secret), new BlockClientOptions());
        var block = rig.Store("a", [1]);

        var failure = await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(block, BlockRig.None));
        await rig.Server.StopAsync(BlockRig.None);

        Assert.Equal(
            $"The block server at {rig.Server.Endpoint} refuses this client: It does not know the cluster's secret. Give client and worker the same one.", failure.Message);
        Assert.Matches(@"^Block server 127\.0\.0\.1:\d+ turned 127\.0\.0\.1:\d+ away\. It does not know the cluster's secret\.", Assert.Single(rig.Log.Lines));
    }

    [Fact]
    public async Task ReadAsync_NoSecretOnEitherSide_IsServed()
    {
        await using var rig = new BlockRig(secret: "");

        Assert.Equal([1], await rig.Client.ReadAsync(rig.Store("a", [1]), BlockRig.None));
    }

    [Fact]
    public async Task ReadAsync_ServerThatTakesAnySecret_IsNotTrusted()
    {
        // It repeats the client's own proof, which is the best that it has.
        await using var impostor = new ScriptedServer(async peer =>
        {
            var hello = await peer.ReceiveAsync(36);
            await peer.SendAsync(Answer(AnswerStatus.Ok, hello[4..]));
            var proof = await peer.ReceiveAsync(32);
            await peer.SendAsync(Answer(AnswerStatus.Ok, proof));
            await peer.WaitUntilClosedAsync();
        });
        using var client = new BlockClient("right"u8.ToArray(), new BlockClientOptions());

        var failure = await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(impostor.At("a", 1), BlockRig.None));

        Assert.Contains("does not know the cluster's secret itself", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "is no block server")]
    [InlineData("\0\0\0\0\u0021\0\0\0\0\0\0\0", "greets with 33 bytes instead of 32")]
    [InlineData("\0\0\0\0\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f", "greets with 9223372036854775807 bytes")]
    [InlineData("\u0001\0\0\0\0\0\0\u0001\0\0\0\0", "is no block server")]
    [InlineData("\0\0\u0001\0\0\0\0\0\0\0\0\0", "is no block server")]
    public async Task ReadAsync_OtherServer_IsNamed(string greeting, string expected)
    {
        await using var server = new ScriptedServer(async peer =>
        {
            await peer.ReceiveAsync(36);
            await peer.SendAsync(Encoding.Latin1.GetBytes(greeting));
            await peer.WaitUntilClosedAsync();
        });
        using var client = new BlockClient("right"u8.ToArray(), new BlockClientOptions());

        var failure = await Assert.ThrowsAsync<IOException>(() => client.ReadAsync(server.At("a", 1), BlockRig.None));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task RunAsync_FirstBytesOfAnotherProtocol_AreRefusedAndLogged()
    {
        await using var rig = new BlockRig();
        using var peer = await RawPeer.ConnectAsync(rig.Server.Endpoint);

        await peer.SendAsync("GET / HTTP/1.1\r\n"u8.ToArray());
        await peer.WaitUntilClosedAsync();
        await rig.Server.StopAsync(BlockRig.None);

        Assert.Contains("Its first bytes are 47455420, which no block client of this version sends.", Assert.Single(rig.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_OldProofOnNewConnection_IsRefused()
    {
        await using var rig = new BlockRig();
        var nonce = BlockRig.Bytes(32);
        byte[] proof;
        using (var first = await RawPeer.ConnectAsync(rig.Server.Endpoint))
        {
            await first.SendAsync([.. Handshake.Mark, .. nonce]);
            var (_, serverNonce) = await first.ReceiveAnswerAsync();
            proof = Handshake.ClientProof(rig.Secret, nonce, serverNonce);
        }

        using var second = await RawPeer.ConnectAsync(rig.Server.Endpoint);
        await second.SendAsync([.. Handshake.Mark, .. nonce]);
        await second.ReceiveAnswerAsync();
        await second.SendAsync(proof);

        Assert.Equal(AnswerStatus.Refused, (await second.ReceiveAnswerAsync()).Status);
    }

    [Theory]
    [InlineData(0x00000001, -1)]
    [InlineData(0x00000001, BlockProtocol.MaxRequestBytes + 1)]
    [InlineData(0x00000001, int.MaxValue)]
    [InlineData(0x01000001, 10)]
    public async Task RunAsync_ImpossibleHeader_IsRefusedAndClosed(int kind, int length)
    {
        await using var rig = new BlockRig();
        using var peer = await RawPeer.AuthenticatedAsync(rig);

        await peer.SendAsync(Request(kind, length, []));

        var (status, text) = await peer.ReceiveAnswerAsync();
        Assert.Equal(AnswerStatus.BadRequest, status);
        Assert.Contains("is no header of a body", Encoding.UTF8.GetString(text), StringComparison.Ordinal);
        await peer.WaitUntilClosedAsync();
        await rig.Server.StopAsync(BlockRig.None);
        Assert.Single(rig.Log.Lines);
    }

    [Fact]
    public async Task RunAsync_BodiesThatAreNone_AreRefusedAndConnectionIsUsedAgain()
    {
        await using var rig = new BlockRig();
        using var peer = await RawPeer.AuthenticatedAsync(rig);
        byte[][] bodies =
        [
            [],
            [200, 0, 1],
            [1, 0, 65, 1, 0, 66],
            [1, 0, 65, 1, 0, 66, 255, 255, 255, 255, 255, 255, 255, 255],
            [1, 0, 65, 1, 0, 66, 0, 0, 0, 0, 0, 0, 0, 0, 7],
            [1, 0, 65, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 127],
        ];

        foreach (var kind in (int[])[1, 3, 4, 5])
        {
            foreach (var rest in bodies.Where(body => kind != 3 || body.Length != 6))
            {
                byte[] body = rest.Length == 0 ? rest : [.. Text(rig.Worker.Value), .. rest];
                await peer.SendAsync(Request(kind, body.Length, body));
                Assert.Equal(AnswerStatus.BadRequest, (await peer.ReceiveAnswerAsync()).Status);
            }
        }

        await peer.SendAsync(Request(99, 3, [1, 2, 3]));
        var (status, text) = await peer.ReceiveAnswerAsync();
        Assert.Equal((AnswerStatus.BadRequest, "99 is no kind of request. A newer client may have sent it."), (status, Encoding.UTF8.GetString(text)));
        Assert.Empty(rig.Log.Lines);
    }

    [Fact]
    public async Task RunAsync_RandomBytes_NeverStopTheServer()
    {
        await using var rig = new BlockRig();
        var random = new Random(20261126);
        for (var i = 0; i < 300; i++)
        {
            using var peer = i % 3 == 0 ? await RawPeer.ConnectAsync(rig.Server.Endpoint) : await RawPeer.AuthenticatedAsync(rig);
            var body = new byte[random.Next(80)];
            random.NextBytes(body);
            await peer.SendAsync(i % 2 == 0 ? body : Request(random.Next(1, 6), body.Length, body));
        }

        Assert.Equal([1], await rig.Client.ReadAsync(rig.Store("a", [1]), BlockRig.None));
        Assert.DoesNotContain(rig.Log.Lines, line => line.Contains("failed to serve", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunAsync_PutCutInTheMiddle_StoresNothing()
    {
        await using var rig = new BlockRig();
        using (var peer = await RawPeer.AuthenticatedAsync(rig))
        {
            byte[] body = [.. Text(rig.Worker.Value), .. Text("app-1"), 1, 0, .. "a"u8, 0, 0, 0, 1, 0, 0, 0, 0];
            await peer.SendAsync([.. Request(2, body.Length, body), .. new byte[9_000_000]]);
        }

        await rig.Server.StopAsync(BlockRig.None);

        Assert.Null(rig.Blocks.TryGetLength(BlockRig.Block("a")));
        Assert.Empty(Directory.GetFiles(rig.Root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Accept_MoreThanAllowed_AreTurnedAwayUntilOneIsFree()
    {
        await using var rig = new BlockRig(server: options => options.MaxConnections = 2, client: options => options.MaxAttempts = 2);
        var block = rig.Store("a", [1]);
        using var first = await RawPeer.AuthenticatedAsync(rig);
        var second = await RawPeer.AuthenticatedAsync(rig);

        var failure = await Assert.ThrowsAsync<IOException>(() => rig.Client.ReadAsync(block, BlockRig.None));
        Assert.Contains(rig.Server.Endpoint, failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, rig.Log.Lines.Count(line => line.Contains("It serves 2 connections already", StringComparison.Ordinal)));

        // The server notices that the second one has gone at some time; until then it turns clients away.
        second.Dispose();
        using var patient = new BlockClient(rig.Secret, new BlockClientOptions { MaxAttempts = 100, RetryDelay = TimeSpan.FromMilliseconds(1) });
        Assert.Equal([1], await patient.ReadAsync(block, BlockRig.None).WaitAsync(BlockRig.Limit));
    }

    [Fact]
    public async Task RunAsync_PeerThatSaysNothing_IsClosedAtItsLimit()
    {
        var time = new ManualTimeProvider();
        await using var rig = new BlockRig(server: options => (options.PeerTimeout, options.IdleTimeout) = (TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10)), time: time);
        using var silent = await RawPeer.ConnectAsync(rig.Server.Endpoint);
        await silent.SendAsync([.. Handshake.Mark, .. new byte[32]]);
        await silent.ReceiveAnswerAsync();
        var closed = silent.WaitUntilClosedAsync();

        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(closed.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));

        await closed;
    }

    [Fact]
    public async Task DisposeAsync_WhileServing_ClosesAtOnce()
    {
        await using var rig = new BlockRig(client: options => options.MaxAttempts = 1);
        var block = rig.Store("a", new byte[50_000_000]);
        using var stream = await rig.Client.OpenAsync(block, BlockRig.None);
        await stream.ReadExactlyAsync(new byte[1000]);

        await rig.Server.DisposeAsync().AsTask().WaitAsync(BlockRig.Limit);

        await Assert.ThrowsAsync<NoAnswerException>(() => stream.CopyToAsync(Stream.Null).WaitAsync(BlockRig.Limit));
        await Assert.ThrowsAsync<NoAnswerException>(() => rig.Client.ReadAsync(block, BlockRig.None).WaitAsync(BlockRig.Limit));
    }

    [Fact]
    public async Task StopAsync_WhileServing_LetsTheRequestEnd()
    {
        await using var rig = new BlockRig();
        var bytes = BlockRig.Bytes(50_000_000);
        var block = rig.Store("a", bytes);
        using var idle = await RawPeer.AuthenticatedAsync(rig);
        using var stream = await rig.Client.OpenAsync(block, BlockRig.None);

        var stopping = rig.Server.StopAsync(BlockRig.None);
        await idle.WaitUntilClosedAsync();
        Assert.False(stopping.IsCompleted);
        var read = new byte[bytes.Length];
        await stream.ReadExactlyAsync(read);
        await stopping.WaitAsync(BlockRig.Limit);

        Assert.Equal(bytes, read);
    }

    [Fact]
    public async Task StopAsync_CancelledWhileServing_ClosesTheRest()
    {
        await using var rig = new BlockRig(client: options => options.MaxAttempts = 1);
        using var stream = await rig.Client.OpenAsync(rig.Store("a", new byte[50_000_000]), BlockRig.None);
        using var cancelled = new CancellationTokenSource();

        var stopping = rig.Server.StopAsync(cancelled.Token);
        await cancelled.CancelAsync();
        await stopping.WaitAsync(BlockRig.Limit);

        await Assert.ThrowsAsync<NoAnswerException>(() => stream.CopyToAsync(Stream.Null).WaitAsync(BlockRig.Limit));
    }

    private static byte[] Answer(AnswerStatus status, byte[] bytes)
    {
        var answer = new byte[BlockProtocol.AnswerHeaderLength + bytes.Length];
        BlockProtocol.WriteAnswerHeader(answer, status, bytes.Length);
        bytes.CopyTo(answer, BlockProtocol.AnswerHeaderLength);
        return answer;
    }

    private static byte[] Text(string text) => [(byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Request(int kind, int length, byte[] body)
    {
        var header = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(header, kind);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), length);
        return [.. header, .. body];
    }
}
