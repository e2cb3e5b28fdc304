using System.Net;
using System.Net.Sockets;
using Dpark.Configuration;
using Dpark.Security;
using Dpark.TestKit;

namespace Dpark.Storage;

/// <summary>Blocks over connections that are secured.</summary>
public sealed class BlockTlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("stranger");

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Blocks_OfAllSizes_AreReadAndStored(bool blocking)
    {
        using var tls = Tls(_authority, _authority);
        await using var rig = new BlockRig(serverTls: tls, clientTls: tls);

        foreach (var size in new[] { 0, 1, 70_000, 5_000_000 })
        {
            var bytes = BlockRig.Bytes(size);
            var name = $"b{size}";
            if (blocking)
            {
                await Task.Run(() => rig.Client.Put(rig.Worker, rig.Server.Endpoint, BlockRig.Block(name), bytes, BlockRig.None));
                Assert.Equal(bytes, await Task.Run(() => rig.Client.Read(rig.At(name, size), BlockRig.None)));
            }
            else
            {
                await rig.Client.PutAsync(rig.Worker, rig.Server.Endpoint, BlockRig.Block(name), bytes, BlockRig.None);
                Assert.Equal(bytes, await rig.Client.ReadAsync(rig.At(name, size), BlockRig.None));
            }
        }

        Assert.Empty(rig.Log.Lines);
    }

    [Fact]
    public async Task Connections_AfterARequest_AreUsedAgain()
    {
        using var tls = Tls(_authority, _authority);
        await using var rig = new BlockRig(server => server.MaxConnections = 1, serverTls: tls, clientTls: tls);
        var block = rig.Store("a", [1, 2]);

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal([1, 2], await rig.Client.ReadAsync(block, BlockRig.None));
        }

        Assert.Empty(rig.Log.Lines);
    }

    [Fact]
    public async Task Read_ServerOfAnotherAuthority_IsNotTrustedAndNotAskedAgain()
    {
        using var server = Tls(_stranger, _authority);
        using var client = Tls(_authority, _authority);
        await using var rig = new BlockRig(serverTls: server, clientTls: client);

        var failure = await Assert.ThrowsAsync<IOException>(() => rig.Client.ReadAsync(rig.Store("a", [1]), BlockRig.None));

        Assert.Contains("'CN=worker' issued by 'CN=stranger' is not trusted", failure.Message, StringComparison.Ordinal);
        Assert.Contains(rig.Server.Endpoint, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ServerOfAnotherName_IsNotTrusted()
    {
        using var server = Tls(_authority, _authority, "elsewhere");
        using var client = Tls(_authority, _authority);
        await using var rig = new BlockRig(serverTls: server, clientTls: client);

        var failure = await Assert.ThrowsAsync<IOException>(() => rig.Client.ReadAsync(rig.Store("a", [1]), BlockRig.None));

        Assert.Contains("'CN=elsewhere' is not for the name worker", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("another authority", "issued by 'CN=stranger' is not trusted")]
    [InlineData("expired", "(NotTimeValid)")]
    [InlineData("for servers only", "(NotValidForUsage)")]
    public async Task Read_ClientThatIsNotTrusted_IsTurnedAwayAndLogged(string certificate, string why)
    {
        using var server = Tls(_authority, _authority);
        using var shown = certificate switch
        {
            "another authority" => _stranger.Issue("worker"),
            "expired" => _authority.Issue("worker", isExpired: true),
            _ => _authority.Issue("worker", usages: TestAuthority.ForServers),
        };
        using var client = new ClusterTls(shown, [], [_authority.Certificate], "worker");
        await using var rig = new BlockRig(client: options => options.MaxAttempts = 1, serverTls: server, clientTls: client);

        var failure = await Assert.ThrowsAnyAsync<IOException>(() => rig.Client.ReadAsync(rig.Store("a", [1]), BlockRig.None));

        Assert.Contains(why, await rig.Log.LineWithAsync("turned").WaitAsync(BlockRig.Limit), StringComparison.Ordinal);
        Assert.Contains("its log says so", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ClientWithoutTls_IsTurnedAwayAndLogged()
    {
        using var server = Tls(_authority, _authority);
        await using var rig = new BlockRig(client: options => options.MaxAttempts = 1, serverTls: server);

        var failure = await Assert.ThrowsAnyAsync<IOException>(() => rig.Client.ReadAsync(rig.Store("a", [1]), BlockRig.None).WaitAsync(BlockRig.Limit));

        Assert.Contains("Dpark:Security:Tls", await rig.Log.LineWithAsync("turned").WaitAsync(BlockRig.Limit), StringComparison.Ordinal);
        Assert.Contains("without TLS", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ServerWithoutTls_IsNotAskedAgain()
    {
        using var client = Tls(_authority, _authority);
        await using var rig = new BlockRig(clientTls: client);

        var failure = await Assert.ThrowsAnyAsync<IOException>(() => rig.Client.ReadAsync(rig.Store("a", [1]), BlockRig.None).WaitAsync(BlockRig.Limit));

        Assert.Contains("nothing was sent to it: the TLS handshake failed", failure.Message, StringComparison.Ordinal);
        Assert.Contains("turned", await rig.Log.LineWithAsync("turned").WaitAsync(BlockRig.Limit), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ServerThatSaysNothing_EndsAtTheConnectTimeout()
    {
        using var tls = Tls(_authority, _authority);
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        using var client = new BlockClient("right"u8.ToArray(), new BlockClientOptions { ConnectTimeout = TimeSpan.FromMilliseconds(100), MaxAttempts = 1 }, time: null, tls);
        var block = new BlockLocation(BlockRig.Block("a"), new("worker-1"), mute.LocalEndpoint.ToString()!, 1);

        var failure = await Assert.ThrowsAnyAsync<IOException>(() => client.ReadAsync(block, BlockRig.None).WaitAsync(BlockRig.Limit));

        Assert.Contains("broke while it was secured: the other side was silent for too long", failure.ToString(), StringComparison.Ordinal);
    }

    private static ClusterTls Tls(TestAuthority issuer, TestAuthority trusted, string name = "worker") => new(issuer.Issue(name), [], [trusted.Certificate], "worker");
}
