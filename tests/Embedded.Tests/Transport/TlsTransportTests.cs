using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Dpark.TestKit;
using Orleans.Connections.Security;
using Orleans.Networking.Shared;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.TestingHost;

namespace Dpark.Embedded.Tests.Transport;

/// <summary>Connections that are secured: who talks to whom, and that both sides learn why not.</summary>
public sealed class TlsTransportTests : IAsyncDisposable, IAsyncLifetime
{
    private const int MaxFrameBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly RecordingLogger<TcpTransport> _log = new();
    private readonly List<TcpTransport> _transports = [];
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("stranger");
    private readonly IPEndPoint _endpoint = FreeEndpoint();

    Task IAsyncLifetime.InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _transports)
        {
            await transport.DisposeAsync();
        }

        _authority.Dispose();
        _stranger.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task TrySend_FramesOfAllSizes_ArriveInOrder(SslProtocols protocol)
    {
        var sizes = Enumerable.Range(0, 300).Select(i => i % 100 == 99 ? 3_000_000 : i % 10 == 9 ? 40_000 : 4 + i).ToList();
        using var server = Listen(Silo(_authority), out var accepted);
        var near = await ConnectAsync(Silo(_authority, options => options.SslProtocols = protocol));
        var frames = new List<(int Number, int Size)>();
        var areAllThere = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (await accepted.WaitAsync(Limit)).Start(
            frame =>
            {
                frames.Add((BinaryPrimitives.ReadInt32LittleEndian(frame.Span), frame.Length));
                if (frames.Count == sizes.Count)
                {
                    areAllThere.TrySetResult();
                }
            },
            () => areAllThere.TrySetException(new IOException($"The connection ended after {frames.Count} frames.")));

        Assert.All(sizes, (size, index) => Assert.True(near.TrySend(Frame(index, size))));
        await areAllThere.Task.WaitAsync(Limit);

        Assert.Equal(sizes.Select((size, index) => (index, size)), frames);
    }

    [Fact]
    public async Task Close_AtEitherEnd_EndsBoth()
    {
        using var server = Listen(Silo(_authority), out var accepted);
        var near = await ConnectAsync(Silo(_authority));
        var far = await accepted.WaitAsync(Limit);
        var ends = Task.WhenAll(Collect(near), Collect(far));
        near.TrySend(Frame(0, 10));
        far.TrySend(Frame(0, 10));

        far.Close();
        await ends.WaitAsync(Limit);

        Assert.Null(near.Failure);
        Assert.Null(far.Failure);
        Assert.All(_transports, transport => Assert.Equal(0, transport.ConnectionCount));
    }

    [Fact]
    public async Task ConnectAsync_ServerOfAnotherAuthority_SaysWhoAndWhyNot()
    {
        using var server = Listen(Silo(_stranger), out _);

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(() => ConnectAsync(Silo(_authority)));

        Assert.Contains(_endpoint.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains("'CN=silo' issued by 'CN=stranger'", error.Message, StringComparison.Ordinal);
        Assert.IsType<AuthenticationException>(error.InnerException);
    }

    [Fact]
    public async Task ConnectAsync_SystemJudges_NamesWhatItFound()
    {
        using var server = Listen(new TlsAuthenticator(new TlsOptions { LocalCertificate = _authority.Issue("silo", isExpired: true) }, isSilo: true), out _);

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(() => ConnectAsync(Silo(_authority, options => options.RemoteCertificateValidation = null)));

        Assert.Contains("RemoteCertificateChainErrors", error.Message, StringComparison.Ordinal);
        Assert.Contains("NotTimeValid", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("another authority", "issued by 'CN=stranger'")]
    [InlineData("expired", "'CN=late' issued by 'CN=authority'")]
    [InlineData("none", "shows no certificate")]
    public async Task Accept_ClientThatIsNotTrusted_IsLoggedOnceAndGetsNothing(string certificate, string why)
    {
        using var server = Listen(Silo(_authority), out var accepted);
        var options = Options(_authority, options => options.LocalCertificate = certificate switch
        {
            "another authority" => _stranger.Issue("late"),
            "expired" => _authority.Issue("late", isExpired: true),
            _ => null,
        });

        await FailsToGreetAsync(New(new TlsAuthenticator(options, isSilo: false)));

        Assert.Contains(why, await _log.LineWithAsync("is refused").WaitAsync(Limit), StringComparison.Ordinal);
        Assert.Single(_log.Lines, line => line.Contains("is refused", StringComparison.Ordinal));
        Assert.False(accepted.IsCompleted);
    }

    [Fact]
    public async Task Accept_ClientWithoutCertificateWhereItMay_IsServed()
    {
        using var server = Listen(Silo(_authority, options => options.RemoteCertificateMode = RemoteCertificateMode.AllowCertificate), out var accepted);
        var near = await ConnectAsync(new TlsAuthenticator(Options(_authority, options => options.LocalCertificate = null), isSilo: false));
        var received = Collect(await accepted.WaitAsync(Limit));

        near.TrySend(Frame(1, 10));
        near.Close();

        Assert.Single(await received.WaitAsync(Limit));
    }

    [Fact]
    public async Task Accept_ClientWithoutTls_LearnsThatItMayBeThat()
    {
        using var server = Listen(Silo(_authority), out var accepted);

        var error = await FailsToGreetAsync(New(null));

        Assert.Contains("one without TLS is where it is used", error.Message, StringComparison.Ordinal);
        await _log.LineWithAsync("is refused").WaitAsync(Limit);
        Assert.False(accepted.IsCompleted);
    }

    [Fact]
    public async Task ConnectAsync_ServerWithoutTls_FailsAtOnceAndIsLoggedThere()
    {
        using var server = New(null).Listen(_endpoint, connection => connection.Start(_ => { }, () => { }));

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(() => ConnectAsync(Silo(_authority)).WaitAsync(Limit));

        Assert.Contains("the TLS handshake failed", error.Message, StringComparison.Ordinal);
        await _log.LineWithAsync("no frame").WaitAsync(Limit);
    }

    [Fact]
    public async Task Accept_PeerThatSaysNothing_IsCutOff()
    {
        using var server = New(Silo(_authority), TimeSpan.FromMilliseconds(50)).Listen(_endpoint, _ => { });
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(_endpoint);

        Assert.Equal(0, await peer.ReceiveAsync(new byte[1]).WaitAsync(Limit));
        Assert.Contains("not done within", await _log.LineWithAsync("is refused").WaitAsync(Limit), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectAsync_PeerThatSaysNothing_EndsAtTheHandshakeTimeout()
    {
        using var mute = new TcpListener(_endpoint);
        mute.Start();

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(
            () => ConnectAsync(Silo(_authority, options => options.HandshakeTimeout = TimeSpan.FromMilliseconds(50))).WaitAsync(Limit));

        Assert.Contains("not done within 00:00:00.0500000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authenticate_Callbacks_SeeTheConnectionAndHaveTheLastWord()
    {
        EndPoint? seenByClient = null;
        string? nameAskedFor = null;
        using var server = Listen(
            Silo(_authority, options => options.LocalServerCertificateSelector = (connection, name) =>
            {
                nameAskedFor = name;
                return _authority.Issue("chosen");
            }),
            out _);

        await ConnectAsync(Silo(_authority, options => options.OnAuthenticateAsClient = (connection, client) =>
        {
            seenByClient = connection.RemoteEndPoint;
            client.TargetHost = "chosen";
        }));

        Assert.Equal(_endpoint, seenByClient);
        Assert.Equal("chosen", nameAskedFor);
    }

    [Fact]
    public void Authenticator_CertificateOfAnotherUse_IsRefused()
    {
        var forClients = new TlsOptions { LocalCertificate = _authority.Issue("a", usages: TestAuthority.ForClients) };
        var forServers = new TlsOptions { LocalCertificate = _authority.Issue("b", usages: TestAuthority.ForServers), ClientCertificateMode = RemoteCertificateMode.RequireCertificate };

        var server = Assert.Throws<InvalidOperationException>(() => new TlsAuthenticator(forClients, isSilo: true));
        var client = Assert.Throws<InvalidOperationException>(() => new TlsAuthenticator(forServers, isSilo: false));

        Assert.StartsWith("Invalid server certificate for server authentication", server.Message, StringComparison.Ordinal);
        Assert.StartsWith("Invalid client certificate for client authentication", client.Message, StringComparison.Ordinal);
    }

    private TlsAuthenticator Silo(TestAuthority authority, Action<TlsOptions>? configure = null) => new(Options(authority, configure), isSilo: true);

    private static TlsOptions Options(TestAuthority authority, Action<TlsOptions>? configure)
    {
        var options = new TlsOptions
        {
            LocalCertificate = authority.Issue("silo"),
            RemoteCertificateValidation = (certificate, _, _) => authority.HasIssued(certificate),
            OnAuthenticateAsClient = (_, client) => client.TargetHost = "silo",
            HandshakeTimeout = Limit,
        };
        configure?.Invoke(options);
        return options;
    }

    private TcpTransport New(TlsAuthenticator? tls, TimeSpan? openTimeout = null)
    {
        var transport = new TcpTransport(new TcpSettings(MaxFrameBytes, openTimeout ?? Limit, new SocketConnectionOptions()), _log, tls);
        _transports.Add(transport);
        return transport;
    }

    private IDisposable Listen(TlsAuthenticator tls, out Task<IMessageConnection> accepted)
    {
        var first = new TaskCompletionSource<IMessageConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        accepted = first.Task;
        return New(tls).Listen(_endpoint, connection => first.TrySetResult(connection));
    }

    private Task<IMessageConnection> ConnectAsync(TlsAuthenticator tls) => New(tls).ConnectAsync(_endpoint, CancellationToken.None).AsTask();

    /// <summary>With TLS 1.3, a client learns from the end of the connection only that it was refused.</summary>
    private async Task<ConnectionFailedException> FailsToGreetAsync(TcpTransport transport)
    {
        var greeting = new Greeting(GreetingKind.Client, "cluster", "key");
        return await Assert.ThrowsAsync<ConnectionFailedException>(
            () => OutgoingConnection.OpenAsync(transport, _endpoint, greeting, (_, _) => { }, _ => { }, Limit, CancellationToken.None).WaitAsync(Limit));
    }

    private static IPEndPoint FreeEndpoint()
    {
        using var allocator = new TestClusterPortAllocator();
        return new IPEndPoint(IPAddress.Loopback, allocator.AllocateConsecutivePortPairs(1).Item1);
    }

    private static byte[] Frame(int number, int size)
    {
        var frame = new byte[size];
        BinaryPrimitives.WriteInt32LittleEndian(frame, number);
        return frame;
    }

    /// <summary>What a connection receives until it ends.</summary>
    private static async Task<List<byte[]>> Collect(IMessageConnection connection)
    {
        var frames = new List<byte[]>();
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Start(frame => frames.Add(frame.ToArray()), end.SetResult);
        await end.Task;
        return frames;
    }
}
