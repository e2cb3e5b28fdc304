using System.Net;
using System.Threading.Channels;
using Orleans.Runtime;

namespace Dpark.Tests;

/// <summary>A silo of which a test says every word.</summary>
internal sealed class ScriptedSilo : IDisposable
{
    private readonly Channel<ScriptedConnection> _accepted = Channel.CreateUnbounded<ScriptedConnection>();
    private readonly List<ScriptedConnection> _all = [];
    private readonly InMemoryTransport _network;
    private readonly string _clusterId;
    private readonly IDisposable _listener;

    public ScriptedSilo(InMemoryTransport network, string clusterId, int port, int generation)
    {
        (_network, _clusterId) = (network, clusterId);
        Address = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), generation);
        _listener = network.Listen(Address.Endpoint, accepted => _accepted.Writer.TryWrite(Add(accepted)));
    }

    /// <summary>What it calls itself from now on.</summary>
    public SiloAddress Address { get; set; }

    /// <summary>Whether another silo has connected, and the test has not looked at it.</summary>
    public bool IsCalled => _accepted.Reader.TryPeek(out _);

    /// <summary>The next connection that another silo makes.</summary>
    public Task<ScriptedConnection> AcceptAsync() => _accepted.Reader.ReadAsync().AsTask().WaitAsync(ScriptedConnection.Limit);

    /// <summary>Connects to another silo and greets it.</summary>
    public async Task<ScriptedConnection> ConnectAsync(SiloAddress target, long attempt, long lost, int link = 0)
    {
        var connection = Add(await _network.ConnectAsync(target.Endpoint, CancellationToken.None));
        connection.Send(new Greeting(GreetingKind.Silo, _clusterId, Address.ToParsableString(), target.ToParsableString(), link, attempt, lost));
        return connection;
    }

    /// <summary>Answers a greeting.</summary>
    public void Answer(ScriptedConnection connection, GreetingKind answer, string text = "") =>
        connection.Send(new Greeting(answer, _clusterId, Address.ToParsableString(), text));

    /// <summary>Closes all connections, and the endpoint.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        lock (_all)
        {
            _all.ForEach(connection => connection.Close());
        }
    }

    private ScriptedConnection Add(IMessageConnection connection)
    {
        var added = new ScriptedConnection(connection);
        lock (_all)
        {
            _all.Add(added);
        }

        return added;
    }
}

/// <summary>A connection of a <see cref="ScriptedSilo"/>.</summary>
internal sealed class ScriptedConnection
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly Channel<ReadOnlyMemory<byte>> _frames = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IMessageConnection _inner;

    public ScriptedConnection(IMessageConnection inner)
    {
        _inner = inner;
        inner.Start(frame => _frames.Writer.TryWrite(frame), _closed.SetResult);
    }

    /// <summary>Completes when it has ended.</summary>
    public Task ClosedAsync() => _closed.Task.WaitAsync(Limit);

    /// <summary>What the other silo says first.</summary>
    public async Task<Greeting> GreetingAsync() => Greeting.Parse((await FrameAsync()).Span);

    /// <summary>The next message; it is no greeting.</summary>
    public async Task<Message> MessageAsync(MessageSerializer serializer) => serializer.Deserialize(await FrameAsync());

    public void Send(Greeting greeting) => _inner.TrySend(greeting.ToFrame());

    public void Close() => _inner.Close();

    private Task<ReadOnlyMemory<byte>> FrameAsync() => _frames.Reader.ReadAsync().AsTask().WaitAsync(Limit);
}
