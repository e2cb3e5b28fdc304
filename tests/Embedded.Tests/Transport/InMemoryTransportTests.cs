using System.Net;
using System.Threading.Channels;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Dpark.Embedded.Tests.Transport;

public sealed class InMemoryTransportTests
{
    private static readonly IPEndPoint Endpoint = new(IPAddress.Loopback, 1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly InMemoryTransport _transport = new();

    [Fact]
    public async Task ConnectAsync_NobodyListens_IsConnectionFailed()
    {
        var error = await Assert.ThrowsAsync<ConnectionFailedException>(async () => await _transport.ConnectAsync(Endpoint, CancellationToken.None));

        Assert.Contains(Endpoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Listen_EndpointThatIsTaken_IsConnectionFailed()
    {
        using var first = _transport.Listen(Endpoint, _ => { });

        Assert.Throws<ConnectionFailedException>(() => _transport.Listen(Endpoint, _ => { }));
    }

    [Fact]
    public void Listen_AfterDispose_IsPossibleAgain()
    {
        _transport.Listen(Endpoint, _ => { }).Dispose();

        using var second = _transport.Listen(Endpoint, _ => { });
    }

    [Fact]
    public async Task TrySend_ManyFrames_ArriveInOrderBeforeTheEnd()
    {
        var (near, far) = await ConnectAsync();
        var received = Collect(far);

        for (var i = 0; i < 500; i++)
        {
            Assert.True(near.TrySend(BitConverter.GetBytes(i)));
        }

        near.Close();
        var frames = await received.WaitAsync(Limit);

        Assert.Equal(Enumerable.Range(0, 500), frames);
    }

    [Fact]
    public async Task Start_AfterFramesHaveArrived_GetsThem()
    {
        var (near, far) = await ConnectAsync();

        near.TrySend(BitConverter.GetBytes(1));
        near.TrySend(BitConverter.GetBytes(2));
        var received = Collect(far);
        near.Close();

        Assert.Equal([1, 2], await received.WaitAsync(Limit));
    }

    [Fact]
    public async Task Close_AtOneEnd_EndsBoth()
    {
        var (near, far) = await ConnectAsync();
        var nearEnd = Collect(near);
        var farEnd = Collect(far);

        far.Close();
        await Task.WhenAll(nearEnd, farEnd).WaitAsync(Limit);

        Assert.False(near.TrySend(new byte[1]));
        Assert.False(far.TrySend(new byte[1]));
    }

    private static async Task<List<int>> Collect(IMessageConnection connection)
    {
        var channel = Channel.CreateUnbounded<int>();
        connection.Start(frame => channel.Writer.TryWrite(BitConverter.ToInt32(frame.Span)), () => channel.Writer.Complete());
        return await channel.Reader.ReadAllAsync().ToListAsync();
    }

    private async Task<(IMessageConnection Near, IMessageConnection Far)> ConnectAsync()
    {
        IMessageConnection? far = null;
        using var listener = _transport.Listen(Endpoint, connection => far = connection);
        var near = await _transport.ConnectAsync(Endpoint, CancellationToken.None);
        return (near, far!);
    }
}
