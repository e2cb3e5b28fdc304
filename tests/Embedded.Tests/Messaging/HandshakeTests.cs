using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Dpark.Embedded.Tests.Messaging;

public sealed class HandshakeTests
{
    private static readonly IPEndPoint Endpoint = new(IPAddress.Loopback, 1);
    private static readonly SiloAddress Silo = SiloAddress.New(Endpoint, 5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly InMemoryTransport _transport = new();

    [Theory]
    [InlineData("127.0.0.1:1@5")]
    [InlineData("127.0.0.1:1@0")]
    public async Task OpenAsync_SiloOfTheCluster_IsLetIn(string expected)
    {
        var admitted = new TaskCompletionSource<string>();
        using var listener = Listen(GreetingKind.Silo, greeting => admitted.SetResult(greeting.Name));

        var connection = await OpenAsync(new Greeting(GreetingKind.Silo, "here", "127.0.0.1:2@7", expected));

        Assert.Equal(Silo, connection.Silo);
        Assert.Equal("127.0.0.1:2@7", await admitted.Task.WaitAsync(Limit));
    }

    [Theory]
    [InlineData("Client", "elsewhere", "", "elsewhere")]
    [InlineData("Silo", "here", "127.0.0.1:1@5", "port")]
    public async Task OpenAsync_WhoDoesNotBelongToTheGateway_GetsToKnowWhy(string kind, string cluster, string text, string why)
    {
        using var listener = Listen(GreetingKind.Client, _ => { });

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(() => OpenAsync(new Greeting(Enum.Parse<GreetingKind>(kind), cluster, "key", text)));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Contains(Endpoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:1@4")]
    [InlineData("127.0.0.2:1@0")]
    [InlineData("no address")]
    public async Task OpenAsync_SiloThatLooksForAnother_IsRefused(string expected)
    {
        using var listener = Listen(GreetingKind.Silo, _ => { });

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(() => OpenAsync(new Greeting(GreetingKind.Silo, "here", "127.0.0.1:2@7", expected)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accept_WhoIsRefused_IsLoggedByNameAndDeliversNothing()
    {
        var logger = new LastLine();
        var delivered = 0;
        using var listener = Listen(GreetingKind.Client, _ => delivered++, _ => delivered++, logger);

        await Assert.ThrowsAsync<ConnectionFailedException>(() => OpenAsync(new Greeting(GreetingKind.Client, "elsewhere", "key-7")));

        Assert.StartsWith("Warning: key-7", await logger.Line.WaitAsync(Limit), StringComparison.Ordinal);
        Assert.Equal(0, delivered);
    }

    [Fact]
    public async Task Accept_AnotherVersion_SaysBothVersions()
    {
        using var listener = Listen(GreetingKind.Client, _ => { });
        var frame = new Greeting(GreetingKind.Client, "here", "key").ToFrame();
        frame[4] = 99;

        var answer = Greeting.Parse((await ExchangeAsync(frame)).Span);

        Assert.Equal(GreetingKind.Refusal, answer.Kind);
        Assert.Contains("version 99", answer.Text, StringComparison.Ordinal);
        Assert.Contains("version 2", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_WhatAnswersIsNoSilo_IsConnectionFailed()
    {
        using var listener = _transport.Listen(Endpoint, connection => connection.Start(_ => connection.TrySend("HTTP/1.1 400"u8.ToArray()), () => { }));

        await Assert.ThrowsAsync<ConnectionFailedException>(() => OpenAsync(new Greeting(GreetingKind.Client, "here", "key")));
    }

    [Fact]
    public async Task OpenAsync_NoAnswer_IsConnectionFailedAtTheTimeout()
    {
        using var listener = _transport.Listen(Endpoint, connection => connection.Start(_ => { }, () => { }));

        var open = OutgoingConnection.OpenAsync(
            _transport, Endpoint, new Greeting(GreetingKind.Client, "here", "key"), (_, _) => { }, _ => { }, TimeSpan.FromMilliseconds(50), CancellationToken.None);

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(() => open.WaitAsync(Limit));
        Assert.Contains(Endpoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectAsync_GatewayLeavesRightAfterItsWelcome_TheLinkHearsIt()
    {
        var confirmation = new TaskCompletionSource();
        using var listener = _transport.Listen(Endpoint, connection => connection.Start(
            frame =>
            {
                if (frame.Length == 1)
                {
                    confirmation.SetResult();
                    return;
                }

                connection.TrySend(new Greeting(GreetingKind.Welcome, "here", Silo.ToParsableString()).ToFrame());
                connection.TrySend(new byte[1]);
            },
            () => { }));
        var heard = new TaskCompletionSource<Exception?>();

        await GatewayLink.ConnectAsync(
            _transport,
            Endpoint,
            new Greeting(GreetingKind.Client, "here", "key"),
            (link, frame) => heard.SetResult(Record.Exception(() => link.Leave(frame))),
            _ => { },
            Limit,
            CancellationToken.None);

        Assert.Null(await heard.Task.WaitAsync(Limit));
        await confirmation.Task.WaitAsync(Limit);
    }

    [Fact]
    public void Parse_EveryTruncationAndChange_IsReadOrRefused()
    {
        var frame = new Greeting(GreetingKind.Silo, "cluster", "name", "text").ToFrame();

        for (var position = 0; position < frame.Length; position++)
        {
            var shorter = frame[..position];
            Assert.Throws<InvalidMessageFrameException>(() => Greeting.Parse(shorter));
            for (var value = 0; value < 256; value += 5)
            {
                var changed = (byte[])frame.Clone();
                changed[position] = (byte)value;
                Assert.True(Record.Exception(() => Greeting.Parse(changed)) is null or InvalidMessageFrameException);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAsync_WelcomeComesTooLate_WhatFollowsIsHeardOnlyByWhoTakesIt(bool takesLate)
    {
        var silent = new SilentConnection();
        var heard = new List<string>();

        await Assert.ThrowsAsync<ConnectionFailedException>(() => OutgoingConnection.OpenAsync(
            silent,
            Endpoint,
            () => new Greeting(GreetingKind.Silo, "here", "127.0.0.1:2@7", Silo.ToParsableString()),
            (_, frame) => heard.Add(Encoding.UTF8.GetString(frame.Span)),
            _ => heard.Add("end"),
            takesLate,
            TimeSpan.FromMilliseconds(20),
            CancellationToken.None));
        silent.Hear(new Greeting(GreetingKind.Welcome, "here", Silo.ToParsableString()).ToFrame());
        silent.Hear("frame"u8.ToArray());
        silent.End();

        Assert.Equal(takesLate ? ["frame", "end"] : [], heard);
    }

    [Fact]
    public void ToFrame_Bytes_ArePinned()
    {
        var frame = new Greeting(GreetingKind.Client, "c", "näme", "", Link: 3, Attempt: 4, Lost: 5).ToFrame();

        Assert.Equal(
            [.. "DPOR"u8, 2, 2, 1, 0, (byte)'c', 5, 0, .. Encoding.UTF8.GetBytes("näme"), 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0],
            frame);
    }

    private IDisposable Listen(
        GreetingKind kind, Action<Greeting> onAdmitted, Action<ReadOnlyMemory<byte>>? onFrame = null, ILogger? logger = null)
    {
        var admission = new Admission(kind, "here", Silo, logger ?? NullLogger.Instance);
        return _transport.Listen(Endpoint, connection => admission.Accept(
            connection,
            (greeting, welcome) =>
            {
                welcome(GreetingKind.Welcome);
                onAdmitted(greeting);
                return true;
            },
            onFrame ?? (_ => { }),
            () => { }));
    }

    private Task<OutgoingConnection> OpenAsync(Greeting greeting) =>
        OutgoingConnection.OpenAsync(_transport, Endpoint, greeting, (_, _) => { }, _ => { }, Limit, CancellationToken.None);

    private async Task<ReadOnlyMemory<byte>> ExchangeAsync(byte[] frame)
    {
        var answer = new TaskCompletionSource<ReadOnlyMemory<byte>>();
        var connection = await _transport.ConnectAsync(Endpoint, CancellationToken.None);
        connection.Start(received => answer.TrySetResult(received), () => { });
        connection.TrySend(frame);
        return await answer.Task.WaitAsync(Limit);
    }

    /// <summary>Keeps the one line that is logged.</summary>
    private sealed class LastLine : ILogger
    {
        private readonly TaskCompletionSource<string> _line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Line => _line.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _line.TrySetResult($"{logLevel}: {formatter(state, exception)}");
    }

    /// <summary>A network of one connection, on which comes what the test says, also after its end.</summary>
    private sealed class SilentConnection : IMessageTransport, IMessageConnection
    {
        private Action<ReadOnlyMemory<byte>> _onFrame = static _ => { };
        private Action _onClosed = static () => { };

        public string RemoteName => "silence";

        public Exception? Failure => null;

        public bool IsCongested => false;

        public bool IsPeerProven => true;

        public void Hear(ReadOnlyMemory<byte> frame) => _onFrame(frame);

        public void End() => _onClosed();

        public IDisposable Listen(IPEndPoint endpoint, Action<IMessageConnection> accept) => throw new NotSupportedException();

        public ValueTask<IMessageConnection> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken) => new(this);

        public void Start(Action<ReadOnlyMemory<byte>> onFrame, Action onClosed, bool slowsPeer = false) => (_onFrame, _onClosed) = (onFrame, onClosed);

        public bool TrySend(ReadOnlyMemory<byte> frame) => true;

        public List<ReadOnlyMemory<byte>> TakeUnsent() => [];

        public void Close()
        {
        }
    }
}
