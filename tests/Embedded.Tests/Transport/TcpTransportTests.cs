using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Networking.Shared;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.TestingHost;

namespace Dpark.Embedded.Tests.Transport;

public sealed class TcpTransportTests : IAsyncDisposable, IAsyncLifetime
{
    private const int MaxFrameBytes = 8 * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TcpTransport _transport = New(TimeSpan.FromSeconds(20));
    private readonly IPEndPoint _endpoint = FreeEndpoint();

    Task IAsyncLifetime.InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _transport.DisposeAsync();

    [Fact]
    public async Task ConnectAsync_NobodyListens_IsConnectionFailed()
    {
        var error = await Assert.ThrowsAsync<ConnectionFailedException>(async () => await _transport.ConnectAsync(_endpoint, CancellationToken.None));

        Assert.Contains(_endpoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Listen_EndpointThatIsTaken_IsConnectionFailed()
    {
        using var first = _transport.Listen(_endpoint, _ => { });

        var error = Assert.Throws<ConnectionFailedException>(() => _transport.Listen(_endpoint, _ => { }));

        Assert.Contains(_endpoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listen_AfterConnectionsOfAnEarlierListener_IsPossible()
    {
        var (near, far) = await ConnectAsync();
        var ends = Task.WhenAll(Collect(near), Collect(far));
        far.Close();
        await ends.WaitAsync(Limit);

        using var second = _transport.Listen(_endpoint, _ => { });
    }

    [Fact]
    public async Task TrySend_FramesOfAllSizes_ArriveInOrderBeforeTheEnd()
    {
        var (near, far) = await ConnectAsync();
        var received = Collect(far);
        var random = new Random(5);
        var sizes = Enumerable.Range(0, 3_000).Select(i => i % 500 == 499 ? 3_000_000 : i % 50 == 49 ? 40_000 : random.Next(4, 600)).ToList();

        Assert.All(sizes, (size, index) => Assert.True(near.TrySend(Frame(index, size))));
        near.Close();
        var frames = await received.WaitAsync(Limit);

        Assert.Equal(sizes.Select((size, index) => (index, size)), frames.Select(frame => (BinaryPrimitives.ReadInt32LittleEndian(frame), frame.Length)));
    }

    [Fact]
    public async Task IsRefusedAsync_WhereSomebodyListensAndNobody_SaysSo()
    {
        using var listener = new TcpListener(_endpoint);
        listener.Start();
        var whileItListens = await _transport.IsRefusedAsync(_endpoint, CancellationToken.None);
        listener.Stop();

        Assert.False(whileItListens);
        Assert.True(await _transport.IsRefusedAsync(_endpoint, CancellationToken.None));
    }

    [Fact]
    public async Task Close_PeerThatReadsSlowly_GetsAllThoughItTakesLongerThanTheLimit()
    {
        const int Count = 8;
        const int FrameBytes = 4 * 1024 * 1024;
        var settings = new TcpSettings(MaxFrameBytes, Limit, new SocketConnectionOptions()) { LingerLimit = TimeSpan.FromSeconds(4), MaxLinger = 2 * Limit };
        await using var transport = new TcpTransport(settings, NullLogger<TcpTransport>.Instance);
        var accepted = AcceptOne(transport);
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 * 1024 };
        await peer.ConnectAsync(_endpoint);
        var connection = await accepted.WaitAsync(Limit);
        var ended = Collect(connection);

        Assert.All(Enumerable.Range(0, Count), number => Assert.True(connection.TrySend(Frame(number, FrameBytes))));
        connection.Close();
        using var stream = new NetworkStream(peer);
        var frame = new byte[FrameBytes + sizeof(int)];
        for (var number = 0; number < Count; number++)
        {
            // The pauses together are longer than the limit, each is much shorter.
            await Task.Delay(settings.LingerLimit / 5);
            await stream.ReadExactlyAsync(frame).AsTask().WaitAsync(Limit);
            Assert.Equal(number, BinaryPrimitives.ReadInt32LittleEndian(frame.AsSpan(sizeof(int))));
        }

        peer.Shutdown(SocketShutdown.Send);
        Assert.Empty(await ended.WaitAsync(Limit));
    }

    [Fact]
    public async Task Close_PeerThatReadsNothing_EndsAtTheLimitAndNotAtTheLongest()
    {
        var settings = new TcpSettings(MaxFrameBytes, Limit, new SocketConnectionOptions()) { LingerLimit = TimeSpan.FromMilliseconds(200), MaxLinger = TimeSpan.FromHours(1) };
        await using var transport = new TcpTransport(settings, NullLogger<TcpTransport>.Instance);
        var accepted = AcceptOne(transport);
        using var peer = await ConnectRawAsync();
        var connection = await accepted.WaitAsync(Limit);
        var ended = Collect(connection);
        Assert.All(Enumerable.Range(0, 20), number => Assert.True(connection.TrySend(Frame(number, MaxFrameBytes))));

        connection.Close();

        Assert.Empty(await ended.WaitAsync(Limit));
        Assert.NotEmpty(connection.TakeUnsent());
    }

    [Fact]
    public async Task TrySend_FromManyThreads_LosesAndMixesNothing()
    {
        var (near, far) = await ConnectAsync();
        var received = Collect(far);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(sender => Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                near.TrySend(Frame((sender * 2_000) + i, 40));
            }
        }))).WaitAsync(Limit);
        near.Close();
        var numbers = (await received.WaitAsync(Limit)).Select(frame => BinaryPrimitives.ReadInt32LittleEndian(frame)).ToList();

        Assert.Equal(Enumerable.Range(0, 16_000), numbers.Order());
        Assert.All(numbers.GroupBy(number => number / 2_000), sender => Assert.Equal(sender.Order(), sender));
    }

    [Fact]
    public async Task Close_AtOneEnd_EndsBoth()
    {
        var (near, far) = await ConnectAsync();
        var ends = Task.WhenAll(Collect(near), Collect(far));

        far.Close();
        await ends.WaitAsync(Limit);

        Assert.False(near.TrySend(new byte[1]));
        Assert.False(far.TrySend(new byte[1]));
        Assert.Equal(0, _transport.ConnectionCount);
    }

    [Fact]
    public async Task Close_PeerThatNeverAnswers_EndsNevertheless()
    {
        var accepted = AcceptOne(_transport);
        using var peer = await ConnectRawAsync();
        var connection = await accepted.WaitAsync(Limit);
        var end = Collect(connection);

        connection.Close();

        Assert.Empty(await end.WaitAsync(Limit));
    }

    [Fact]
    public async Task TakeUnsent_PeerThatTakesNothing_GivesBackWhatNoWriteHasBegunWith()
    {
        const int Count = 200;
        using var deaf = new TcpListener(_endpoint);
        deaf.Start();
        var near = await _transport.ConnectAsync(_endpoint, CancellationToken.None);
        var ended = Collect(near);
        using var peer = await deaf.AcceptSocketAsync().WaitAsync(Limit);

        Assert.All(Enumerable.Range(0, Count), number => Assert.True(near.TrySend(Frame(number, 1_000_000))));
        peer.Close();
        await ended.WaitAsync(Limit);
        var unsent = near.TakeUnsent().Select(frame => BinaryPrimitives.ReadInt32LittleEndian(frame.Span)).ToList();

        Assert.InRange(unsent.Count, 1, Count - 1);
        Assert.Equal(Enumerable.Range(Count - unsent.Count, unsent.Count), unsent);
        Assert.Empty(near.TakeUnsent());
    }

    [Fact]
    public async Task DisposeAsync_OpenConnections_DeliversAndEndsThem()
    {
        await using var other = New(Limit);
        var accepted = AcceptOne(_transport);
        var near = await other.ConnectAsync(_endpoint, CancellationToken.None);
        var nearEnd = Collect(near);
        var received = Collect(await accepted.WaitAsync(Limit));
        near.TrySend(Frame(1, 100));

        await other.DisposeAsync();

        Assert.Equal(100, Assert.Single(await received.WaitAsync(Limit)).Length);
        await nearEnd.WaitAsync(Limit);
        Assert.Equal(0, other.ConnectionCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Receive_RandomBytes_EndsTheirConnectionOnly(int seed)
    {
        var connections = AcceptAll();
        using var peer = await ConnectRawAsync();
        var garbage = new byte[100_000];
        new Random(seed).NextBytes(garbage);

        await SendUntilRefusedAsync(peer, garbage).WaitAsync(Limit);

        Assert.Empty(await (await connections.ReadAsync()).WaitAsync(Limit));
        var near = await _transport.ConnectAsync(_endpoint, CancellationToken.None);
        near.TrySend(Frame(7, 10));
        near.Close();
        Assert.Single(await (await connections.ReadAsync()).WaitAsync(Limit));
    }

    [Fact]
    public async Task Receive_FirstFrameThatIsLong_EndsTheConnection()
    {
        var connections = AcceptAll();
        using var peer = await ConnectRawAsync();

        await SendUntilRefusedAsync(peer, OnWire(Frame(0, TcpConnection.MaxFirstFrameBytes + 1))).WaitAsync(Limit);

        Assert.Empty(await (await connections.ReadAsync()).WaitAsync(Limit));
    }

    [Fact]
    public async Task Receive_LengthAboveTheLimit_EndsTheConnectionAfterTheFramesBefore()
    {
        var connections = AcceptAll();
        using var peer = await ConnectRawAsync();
        var prefix = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, MaxFrameBytes + 1);

        await peer.SendAsync(OnWire(Frame(1, 10)).Concat(OnWire(Frame(2, 10))).Concat(prefix).ToArray());

        Assert.Equal(2, (await (await connections.ReadAsync()).WaitAsync(Limit)).Count);
    }

    [Fact]
    public async Task Receive_FrameThatIsCutOff_IsNotDelivered()
    {
        var connections = AcceptAll();
        using var peer = await ConnectRawAsync();

        await peer.SendAsync(OnWire(Frame(1, 10)).Concat(OnWire(Frame(2, 10)).Take(9)).ToArray());
        peer.Shutdown(SocketShutdown.Send);

        Assert.Single(await (await connections.ReadAsync()).WaitAsync(Limit));
    }

    [Fact]
    public async Task Receive_PeerThatSaysNothing_IsCutOff()
    {
        await using var impatient = New(TimeSpan.FromMilliseconds(50));
        var accepted = AcceptOne(impatient);
        using var peer = await ConnectRawAsync();

        Assert.Empty(await Collect(await accepted.WaitAsync(Limit)).WaitAsync(Limit));

        Assert.Equal(0, await peer.ReceiveAsync(new byte[1]).WaitAsync(Limit));
    }

    [Fact]
    public async Task Receive_PeerThatAsksAndTakesNoAnswers_IsSlowedDown()
    {
        const int Count = 1024;
        const int AnswerBytes = 64 * 1024;
        var outstanding = 0;
        var most = 0;
        var isMuch = new TaskCompletionSource();
        using var listener = _transport.Listen(_endpoint, connection => connection.Start(
            _ =>
            {
                connection.TrySend(new byte[AnswerBytes]);
                most = Math.Max(most, Interlocked.Increment(ref outstanding));
                if (most == 15 * 1024 * 1024 / AnswerBytes)
                {
                    isMuch.TrySetResult();
                }
            },
            () => { },
            slowsPeer: true));
        using var peer = await ConnectRawAsync();
        var ask = Task.Run(async () =>
        {
            var question = OnWire(Frame(0, 2_000));
            for (var i = 0; i < Count; i++)
            {
                await peer.SendAsync(question);
            }
        });

        await isMuch.Task.WaitAsync(Limit);
        var answer = new byte[AnswerBytes + sizeof(int)];
        using var stream = new NetworkStream(peer);
        for (var i = 0; i < Count; i++)
        {
            await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(Limit);
            Interlocked.Decrement(ref outstanding);
        }

        await ask.WaitAsync(Limit);
        Assert.InRange(most, 1, Count * 3 / 4);
    }

    private static TcpTransport New(TimeSpan openTimeout) =>
        new(new TcpSettings(MaxFrameBytes, openTimeout, new SocketConnectionOptions()), NullLogger<TcpTransport>.Instance);

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

    private static byte[] OnWire(byte[] frame)
    {
        var bytes = new byte[sizeof(int) + frame.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, frame.Length);
        frame.CopyTo(bytes, sizeof(int));
        return bytes;
    }

    private static async Task SendUntilRefusedAsync(Socket peer, byte[] bytes)
    {
        try
        {
            await peer.SendAsync(bytes);
            while (await peer.ReceiveAsync(new byte[100]) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // The other side has closed while bytes were on their way.
        }
    }

    /// <summary>What a connection receives until it ends.</summary>
    private static async Task<List<byte[]>> Collect(IMessageConnection connection)
    {
        var frames = new ConcurrentQueue<byte[]>();
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Start(frame => frames.Enqueue(frame.ToArray()), end.SetResult);
        await end.Task;
        return [.. frames];
    }

    private async Task<IMessageConnection> AcceptOne(TcpTransport transport)
    {
        var accepted = new TaskCompletionSource<IMessageConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = transport.Listen(_endpoint, accepted.SetResult);
        return await accepted.Task;
    }

    /// <summary>What each connection receives until it ends, in the order of their arrival.</summary>
    private ChannelReader<Task<List<byte[]>>> AcceptAll()
    {
        var connections = Channel.CreateUnbounded<Task<List<byte[]>>>();
        _transport.Listen(_endpoint, connection => connections.Writer.TryWrite(Collect(connection)));
        return connections.Reader;
    }

    private async Task<Socket> ConnectRawAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_endpoint);
        return socket;
    }

    private async Task<(IMessageConnection Near, IMessageConnection Far)> ConnectAsync()
    {
        var accepted = AcceptOne(_transport);
        var near = await _transport.ConnectAsync(_endpoint, CancellationToken.None);
        return (near, await accepted.WaitAsync(Limit));
    }
}
