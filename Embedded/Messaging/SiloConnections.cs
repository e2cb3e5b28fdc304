using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>The connections between this silo and others: one with each, whichever side has begun it. Thread-safe.</summary>
/// <remarks>
/// A silo that has connected and not proven who it is, where connections are secured, may send and is sent nothing: with each of these there are two connections, one for each direction.
/// </remarks>
internal sealed partial class SiloConnections(
    SiloRuntime silo, string clusterId, IMessageTransport transport, IPEndPoint listeningEndpoint, ConnectionOptions options, SiloTraffic traffic)
{
    private readonly Admission _admission = new(GreetingKind.Silo, clusterId, silo.Silo, silo.Logger);
    private readonly ConcurrentDictionary<LinkKey, SiloLink> _links = new();
    private readonly ConcurrentDictionary<SiloConnection, bool> _connections = new();
    private readonly int _linkCount = Math.Clamp(options.ConnectionsPerEndpoint, 1, Greeting.MostLinks);
    private volatile bool _isClosed;

    public SiloRuntime Silo => silo;

    public IMessageTransport Transport => transport;

    public TimeSpan OpenTimeout => options.OpenConnectionTimeout;

    public double RetryDelayMilliseconds => options.ConnectionRetryDelay.TotalMilliseconds;

    /// <summary>What this silo says first over a connection that it has begun.</summary>
    public Greeting CreateGreeting(SiloAddress target, int link, long attempt, long lost) =>
        new(GreetingKind.Silo, clusterId, silo.Silo.ToParsableString(), target.ToParsableString(), link, attempt, lost);

    /// <summary>Begins to accept other silos.</summary>
    public IDisposable Listen() => transport.Listen(listeningEndpoint, Accept);

    /// <summary>Sends a message. Connects first if need be; a failure ends the call or is logged.</summary>
    public void Send(SiloAddress target, Message message)
    {
        byte[] frame;
        try
        {
            frame = silo.Serializer.Serialize(message);
        }
        catch (Exception exception) when (exception is SerializerException or InvalidMessageFrameException)
        {
            OnUnserializable(message, exception);
            return;
        }

        var key = new LinkKey(target, _linkCount > 1 ? (int)(message.TargetGrain.GetUniformHashCode() % (uint)_linkCount) : 0);
        if (!_links.TryGetValue(key, out var link))
        {
            if (silo.TrySendElsewhere(message, target))
            {
                // It has died since the message was addressed.
                return;
            }

            link = LinkOf(key);
        }

        link.Send(message, frame);
    }

    /// <summary>Sends a dead silo nothing more but answers, and tells it so. It may be leaving, and have messages under way through it.</summary>
    public void SayFarewell(SiloAddress target)
    {
        traffic.Forget(target);
        foreach (var (key, link) in _links)
        {
            if (key.Silo.Equals(target))
            {
                link.SayFarewell();
            }
        }
    }

    /// <summary>Closes the connections with a silo that died.</summary>
    public void Close(SiloAddress target)
    {
        SayFarewell(target);
        foreach (var (key, link) in _links)
        {
            if (key.Silo.Equals(target))
            {
                Remove(link);
                link.Close();
            }
        }
    }

    /// <summary>Completes when each silo that is connected has said that no more requests come from it, as they do when this silo is dead to them, or its connection has ended.</summary>
    public async Task WaitForPeersAsync()
    {
        while (_connections.Keys.Select(connection => connection.LastHeard).Where(heard => !heard.IsCompleted).ToList() is { Count: > 0 } open)
        {
            await Task.WhenAll(open).ConfigureAwait(false);
        }
    }

    /// <summary>Completes when no message waits for a connection that is being made.</summary>
    public Task WaitForConnectsAsync() => Task.WhenAll(_links.Values.Select(link => link.Connecting));

    /// <summary>Closes all connections.</summary>
    public void Close()
    {
        _isClosed = true;
        foreach (var link in _links.Values)
        {
            link.Close();
        }

        foreach (var connection in _connections.Keys)
        {
            connection.Close();
        }
    }

    /// <summary>Takes a frame that came over a connection.</summary>
    public void OnFrame(SiloConnection connection, ReadOnlyMemory<byte> frame)
    {
        connection.Source?.Note();
        if (_isClosed)
        {
            return;
        }

        try
        {
            var message = silo.Serializer.Deserialize(frame);
            if (message.Kind == MessageKind.Leaves)
            {
                connection.OnFarewell();
            }
            else
            {
                silo.Receive(message);
            }
        }
        catch (InvalidMessageFrameException exception)
        {
            LogBadFrame(silo.Logger, exception);
            connection.Close();
        }
        catch (Exception exception)
        {
            LogReceiveFailed(silo.Logger, exception);
        }
    }

    /// <summary>A connection of a link is made. May be told more than once.</summary>
    /// <param name="peer">Who is there. A link that looks for whoever is at an endpoint is from now on that to this silo.</param>
    public void OnBegun(SiloConnection connection, SiloLink link, SiloAddress peer, int number)
    {
        if (!link.Target.Equals(peer))
        {
            foreach (var entry in _links)
            {
                // The silo that was at the endpoint before. What is still sent to it must not come to this one.
                if (ReferenceEquals(entry.Value, link) && !entry.Key.Silo.Equals(peer) && !entry.Key.Silo.Equals(link.Target))
                {
                    _links.TryRemove(entry);
                }
            }

            _links.TryAdd(new LinkKey(peer, number), link);
        }

        link.Meet(peer);
        Add(connection);
        connection.Source = traffic.From(peer);
    }

    /// <summary>A connection has ended.</summary>
    public void OnEnded(SiloConnection connection)
    {
        if (_connections.TryRemove(connection, out _) && !_isClosed)
        {
            connection.Source?.End();
        }
    }

    /// <summary>A link has no connection. One to a dead silo is not kept.</summary>
    public void OnIdle(SiloLink link)
    {
        if (_links.Any(entry => ReferenceEquals(entry.Value, link) && silo.Oracle.IsDeadSilo(entry.Key.Silo)) && link.TryCloseIdle())
        {
            Remove(link);
        }
    }

    /// <summary>Forgets a link, also under the name of whoever is at its endpoint.</summary>
    private void Remove(SiloLink link)
    {
        foreach (var entry in _links)
        {
            if (ReferenceEquals(entry.Value, link))
            {
                _links.TryRemove(entry);
            }
        }
    }

    private SiloLink LinkOf(LinkKey key) => _links.GetOrAdd(
        key,
        static (key, owner) => owner._links.TryGetValue(key with { Silo = SiloAddress.New(key.Silo.Endpoint, 0) }, out var any) && any.LeadsTo(key.Silo)
            ? any
            : new SiloLink(owner, key.Silo, key.Number),
        this);

    private void Add(SiloConnection connection)
    {
        _connections.TryAdd(connection, true);
        if (connection.IsClosed)
        {
            OnEnded(connection);
        }
        else if (_isClosed)
        {
            connection.Close();
        }
    }

    private void Accept(IMessageConnection accepted)
    {
        var connection = new SiloConnection(isOwn: false);
        SiloLink? link = null;
        _admission.Accept(
            accepted,
            (greeting, welcome) => TryAdmit(connection, accepted, greeting, welcome, out link),
            frame => OnFrame(connection, frame),
            () =>
            {
                connection.OnClosed();
                OnEnded(connection);
                link?.OnClosed(connection);
            });
        if (_isClosed)
        {
            accepted.Close();
        }
    }

    private bool TryAdmit(SiloConnection connection, IMessageConnection accepted, Greeting greeting, Action<GreetingKind> welcome, out SiloLink? link)
    {
        link = null;
        var peer = SiloAddress.FromParsableString(greeting.Name);
        connection.Attach(accepted);
        connection.Source = traffic.From(peer);
        if (!accepted.IsPeerProven)
        {
            Add(connection);
            welcome(GreetingKind.WelcomeOneWay);
            return true;
        }

        var adopter = LinkOf(new LinkKey(peer, greeting.Link));
        if (!adopter.TryAdopt(connection, peer, greeting, welcome))
        {
            return false;
        }

        link = adopter;
        Add(connection);
        if (silo.Oracle.IsDeadSilo(peer))
        {
            adopter.SayFarewell();
        }

        return true;
    }

    private void OnUnserializable(Message message, Exception exception)
    {
        if (message.Kind == MessageKind.Response && message.Response is { } response && exception is SerializerException)
        {
            // The caller gets to know what could not travel; if that cannot either, the call ends with its timeout.
            message.Response = MessageSerializer.Failure(response, (SerializerException)exception);
            Send(message.TargetSilo!, message);
            return;
        }

        silo.Reject(message, exception is InvalidMessageFrameException ? new SiloUnavailableException(exception.Message, exception) : exception);
    }

    [LoggerMessage(LogLevel.Error, "A silo has sent a frame that cannot be read. Its connection is closed.")]
    private static partial void LogBadFrame(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "A message from a silo could not be handled.")]
    private static partial void LogReceiveFailed(ILogger logger, Exception exception);

    /// <param name="Number">Which of the links to that silo. The requests of one grain take the same one, so that they keep their order.</param>
    private readonly record struct LinkKey(SiloAddress Silo, int Number);
}
