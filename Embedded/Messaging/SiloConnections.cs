using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>The connections between this silo and others. Each silo sends over those that it made, and receives over those that it accepted. Thread-safe.</summary>
internal sealed partial class SiloConnections(
    SiloRuntime silo, string clusterId, IMessageTransport transport, IPEndPoint listeningEndpoint, ConnectionOptions options, SiloTraffic traffic)
{
    private readonly Admission _admission = new(GreetingKind.Silo, clusterId, silo.Silo, silo.Logger);
    private readonly ConcurrentDictionary<LinkKey, Link> _links = new();
    private readonly ConcurrentDictionary<IMessageConnection, TaskCompletionSource> _accepted = new();
    private volatile bool _isClosed;

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

        var key = new LinkKey(target, options.ConnectionsPerEndpoint > 1 ? (int)(message.TargetGrain.GetUniformHashCode() % (uint)options.ConnectionsPerEndpoint) : 0);
        if (!_links.TryGetValue(key, out var link))
        {
            if (silo.TrySendElsewhere(message, target))
            {
                // It has died since the message was addressed.
                return;
            }

            link = _links.GetOrAdd(key, static (key, owner) => new Link(owner, key.Silo), this);
        }

        link.Send(message, frame);
    }

    /// <summary>Closes the connections to a silo that died.</summary>
    public void Close(SiloAddress target)
    {
        traffic.Forget(target);
        for (var i = 0; i < Math.Max(1, options.ConnectionsPerEndpoint); i++)
        {
            if (_links.TryRemove(new LinkKey(target, i), out var link))
            {
                link.Close();
            }
        }
    }

    /// <summary>Completes when the other silos have closed the connections that they have made so far, as they do when this silo is dead to them: nothing comes any more.</summary>
    public Task WaitForPeersAsync() => Task.WhenAll(_accepted.Values.Select(ended => ended.Task));

    /// <summary>Closes all connections, also those that other silos made.</summary>
    public void Close()
    {
        _isClosed = true;
        foreach (var key in _links.Keys)
        {
            Close(key.Silo);
        }

        foreach (var connection in _accepted.Keys)
        {
            connection.Close();
        }
    }

    private void Accept(IMessageConnection connection)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _accepted.TryAdd(connection, ended);
        SiloTraffic.Source? source = null;
        _admission.Accept(
            connection,
            greeting => source = SiloAddress.TryParse(greeting.Name, out var sender) ? traffic.From(sender) : null,
            frame =>
            {
                source?.Note();
                OnFrame(connection, frame);
            },
            () =>
            {
                _accepted.TryRemove(connection, out _);
                ended.SetResult();
            });
        if (_isClosed)
        {
            connection.Close();
        }
    }

    private void OnFrame(IMessageConnection connection, ReadOnlyMemory<byte> frame)
    {
        if (_isClosed)
        {
            return;
        }

        try
        {
            silo.Receive(silo.Serializer.Deserialize(frame));
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

    /// <param name="Number">Which of the connections to that silo. The requests of one grain take the same one, so that they keep their order.</param>
    private readonly record struct LinkKey(SiloAddress Silo, int Number);

    /// <summary>The way to one silo: not connected, connecting (messages wait), connected, or failed just now (messages are refused).</summary>
    private sealed class Link(SiloConnections owner, SiloAddress target)
    {
        private readonly Lock _gate = new();
        private readonly Queue<(Message Message, ReadOnlyMemory<byte> Frame)> _waiting = new();
        private OutgoingConnection? _connection;
        private Exception? _failure;
        private long _failedAt;
        private bool _isConnecting;
        private bool _isClosed;

        public void Send(Message message, ReadOnlyMemory<byte> frame)
        {
            OutgoingConnection? connection;
            Exception? failure = null;
            lock (_gate)
            {
                connection = _connection;
                if (_isClosed)
                {
                    failure = new ConnectionFailedException($"The connection to {target} is closed.");
                }
                else if (connection is null)
                {
                    if (_failure is not null && Environment.TickCount64 - _failedAt < owner.RetryDelayMilliseconds)
                    {
                        failure = _failure;
                    }
                    else
                    {
                        _waiting.Enqueue((message, frame));
                        if (_isConnecting)
                        {
                            return;
                        }

                        _isConnecting = true;
                    }
                }
            }

            if (failure is not null)
            {
                Refuse(message, failure);
            }
            else if (connection is null)
            {
                _ = ConnectAsync();
            }
            else if (connection.IsCongested && message.Kind is MessageKind.Request or MessageKind.OneWay)
            {
                Refuse(message, new ConnectionFailedException($"Silo {target} does not take messages as fast as they come, and too many bytes wait for it. Call less at a time."));
            }
            else if (!connection.TrySend(frame))
            {
                Forget(connection);
                Send(message, frame);
            }
        }

        public void Close()
        {
            OutgoingConnection? connection;
            lock (_gate)
            {
                _isClosed = true;
                connection = _connection;
                _connection = null;
            }

            connection?.Close();
            FlushWaiting(new ConnectionFailedException($"The connection to {target} was closed."));
        }

        private async Task ConnectAsync()
        {
            try
            {
                var greeting = owner.CreateGreeting(target);
                OnConnected(await OutgoingConnection.OpenAsync(
                    owner.Transport, target.Endpoint, greeting, static (_, _) => { }, OnClosed, owner.OpenTimeout, CancellationToken.None).ConfigureAwait(false));
            }
            catch (Exception exception)
            {
                OnConnectFailed(exception);
            }
        }

        private void OnConnected(OutgoingConnection connection)
        {
            bool isBroken;
            lock (_gate)
            {
                // Under the lock, so that nothing overtakes what waits.
                while (_waiting.TryPeek(out var next) && connection.TrySend(next.Frame))
                {
                    _waiting.Dequeue();
                }

                isBroken = _waiting.Count > 0;
                _isConnecting = isBroken;
                _failure = null;
                _connection = _isClosed || connection.IsClosed ? null : connection;
            }

            if (_isClosed)
            {
                connection.Close();
            }

            if (isBroken)
            {
                OnConnectFailed(new ConnectionFailedException($"Silo {target} has closed the connection right after it was made."));
            }
        }

        private void OnConnectFailed(Exception exception)
        {
            var failure = exception as ConnectionFailedException
                ?? new ConnectionFailedException($"Unable to connect to silo {target} within {owner.OpenTimeout}.", exception);
            lock (_gate)
            {
                _isConnecting = false;
                _failure = failure;
                _failedAt = Environment.TickCount64;
            }

            FlushWaiting(failure);
        }

        private void FlushWaiting(Exception failure)
        {
            List<(Message Message, ReadOnlyMemory<byte> Frame)> waiting;
            lock (_gate)
            {
                waiting = [.. _waiting];
                _waiting.Clear();
            }

            waiting.ForEach(entry => Refuse(entry.Message, failure));
        }

        /// <summary>Sends what a connection that has ended has not begun to send over a new one.</summary>
        private void OnClosed(OutgoingConnection connection)
        {
            Forget(connection);
            foreach (var frame in connection.TakeUnsent())
            {
                Send(owner.Silo.Serializer.Deserialize(frame), frame);
            }
        }

        /// <summary>Lets the next message connect anew.</summary>
        private void Forget(OutgoingConnection connection)
        {
            lock (_gate)
            {
                if (ReferenceEquals(_connection, connection))
                {
                    _connection = null;
                }
            }
        }

        private void Refuse(Message message, Exception failure)
        {
            if (!owner.Silo.TrySendElsewhere(message, target))
            {
                owner.Silo.Reject(message, new OrleansMessageRejectionException($"Exception while sending message: {failure}", failure));
            }
        }
    }

    private SiloRuntime Silo => silo;

    private IMessageTransport Transport => transport;

    private Greeting CreateGreeting(SiloAddress target) => new(GreetingKind.Silo, clusterId, silo.Silo.ToParsableString(), target.ToParsableString());

    private TimeSpan OpenTimeout => options.OpenConnectionTimeout;

    private double RetryDelayMilliseconds => options.ConnectionRetryDelay.TotalMilliseconds;
}
