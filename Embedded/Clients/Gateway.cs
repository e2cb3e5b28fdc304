using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>Asks a silo which clients are connected to it.</summary>
[Alias("orleans.IClientDirectory")]
internal interface IClientDirectory : ISystemTarget
{
    /// <summary>Whether the client is connected to the silo, or was a moment ago.</summary>
    [Alias("HasClient")]
    Task<bool> HasClientAsync(GrainId client);

    /// <summary>The grain classes that the silo knows.</summary>
    [Alias("GetGrainClasses")]
    Task<GrainClassEntry[]> GetGrainClassesAsync();
}

/// <summary>A silo's side of its connections with clients, and the way of messages to clients wherever they are connected. Thread-safe.</summary>
/// <remarks>
/// After the greetings both sides send messages. A message for a client that is not connected
/// here goes to the silo that says it has it; that silo is asked for when it is not known, and remembered for a short time.
/// </remarks>
internal sealed partial class Gateway(SiloRuntime silo, string clusterId, IMessageTransport transport, IPEndPoint? listeningEndpoint, OverloadDetector overload)
{
    private const long RouteMilliseconds = 10_000;

    private readonly Admission _admission = new(GreetingKind.Client, clusterId, silo.Silo, silo.Logger);
    private readonly ConcurrentDictionary<GrainId, IMessageConnection> _clients = new();
    private readonly ConcurrentDictionary<GrainId, long> _leftAt = new();
    private readonly ConcurrentDictionary<GrainId, (SiloAddress Silo, long At)> _routes = new();
    private readonly ConcurrentDictionary<IMessageConnection, TaskCompletionSource> _toldToLeave = new();
    private IDisposable? _listener;
    private volatile bool _isLeaving;
    private volatile bool _isStopped;

    /// <summary>How many clients are connected.</summary>
    public int Count => _clients.Count;

    public void Start()
    {
        if (listeningEndpoint is not null)
        {
            _listener = transport.Listen(listeningEndpoint, Accept);
        }
    }

    /// <summary>Tells clients to go elsewhere. What is under way still comes back to them.</summary>
    public void StopAccepting()
    {
        _isLeaving = true;
        _listener?.Dispose();
        foreach (var connection in _clients.Values)
        {
            TellToLeave(connection);
        }
    }

    /// <summary>Completes when each client that was told to leave has confirmed it, after its last request, or is gone.</summary>
    public Task WaitForClientsAsync() => Task.WhenAll(_toldToLeave.Values.Select(confirmed => confirmed.Task));

    public void Stop()
    {
        _isStopped = true;
        _listener?.Dispose();
        foreach (var connection in _clients.Values)
        {
            connection.Close();
        }
    }

    /// <summary>Whether a client is connected here, or was until a moment ago.</summary>
    public bool Has(GrainId client) => _clients.ContainsKey(client) || WasHere(client);

    /// <summary>Forgets which clients were reached over a silo.</summary>
    public void ForgetRoutesOver(SiloAddress target)
    {
        foreach (var (client, route) in _routes)
        {
            if (route.Silo.Equals(target))
            {
                _routes.TryRemove(client, out _);
            }
        }
    }

    /// <summary>Sends a message to a client or one of its observers.</summary>
    public void Route(Message message)
    {
        var client = ClientKey.ClientOf(message.TargetGrain);
        if (client == silo.ClientId)
        {
            silo.ReceiveForObserver(message);
        }
        else if (_clients.TryGetValue(client, out var connection))
        {
            Send(connection, message);
        }
        else if (message.Kind == MessageKind.Cancel || (message.Kind == MessageKind.Response && message.TargetSilo is not null) || WasHere(client))
        {
            // The client may come back and ask again; whoever calls it meanwhile gets no answer.
            LogDropped(silo.Logger, message);
        }
        else if (ClientKey.HostOf(client) is { } host)
        {
            message.TargetSilo = host;
            silo.Send(message);
        }
        else if (message.TargetSilo is not null && !silo.Silo.Equals(message.SendingSilo))
        {
            silo.Reject(message, NotAvailable(client));
        }
        else
        {
            RouteOverOthers(client, message);
        }
    }

    private static ClientNotAvailableException NotAvailable(GrainId client) =>
        new($"Client {client} is not connected to any gateway. It has ended, or its connection broke; drop its observers.");

    private bool WasHere(GrainId client)
    {
        if (!_leftAt.TryGetValue(client, out var leftAt))
        {
            return false;
        }

        if (Environment.TickCount64 - leftAt < silo.MessagingOptions.ClientDropTimeout.TotalMilliseconds)
        {
            return true;
        }

        _leftAt.TryRemove(client, out _);
        return false;
    }

    private void RouteOverOthers(GrainId client, Message message)
    {
        // The silo may have died between its answer and the entry.
        if (_routes.TryGetValue(client, out var route) && Environment.TickCount64 - route.At < RouteMilliseconds && !silo.Oracle.IsDeadSilo(route.Silo))
        {
            message.TargetSilo = route.Silo;
            silo.Send(message);
        }
        else
        {
            _ = FindAsync(client, message);
        }
    }

    private async Task FindAsync(GrainId client, Message message)
    {
        using var _ = silo.UnderWay.Begin();
        try
        {
            var others = silo.Oracle.GetActiveSilos().Where(other => !other.Equals(silo.Silo)).ToList();
            var answers = await Task.WhenAll(others.Select(other => AskAsync(other, client))).ConfigureAwait(false);
            var found = answers.FirstOrDefault(answer => answer is not null);
            if (found is null)
            {
                silo.Reject(message, NotAvailable(client));
                return;
            }

            _routes[client] = (found, Environment.TickCount64);
            message.TargetSilo = found;
            silo.Send(message);
        }
        catch (Exception exception)
        {
            silo.Reject(message, exception);
        }
    }

    private async Task<SiloAddress?> AskAsync(SiloAddress other, GrainId client)
    {
        try
        {
            var directory = silo.Services.GetRequiredService<IInternalGrainFactory>().GetSystemTarget<IClientDirectory>(ClientDirectory.Type, other);
            return await directory.HasClientAsync(client).ConfigureAwait(false) ? other : null;
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            // A silo that does not answer has no way to the client, either.
            return null;
        }
    }

    private void Accept(IMessageConnection connection)
    {
        GrainId? client = null;
        _admission.Accept(
            connection,
            (greeting, welcome) =>
            {
                welcome(GreetingKind.Welcome);
                client = GrainId.Create(GrainTypePrefix.ClientGrainType, greeting.Name);
                _clients[client.Value] = connection;
                _leftAt.TryRemove(client.Value, out _);
                if (_isLeaving)
                {
                    TellToLeave(connection);
                }

                if (_isStopped)
                {
                    connection.Close();
                }

                return true;
            },
            frame => OnFrame(connection, client!.Value, frame),
            () =>
            {
                if (client is { } known && _clients.TryRemove(new KeyValuePair<GrainId, IMessageConnection>(known, connection)))
                {
                    _leftAt[known] = Environment.TickCount64;
                }

                OnLeft(connection);
            });
    }

    private void TellToLeave(IMessageConnection connection)
    {
        if (_toldToLeave.TryAdd(connection, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
            && !connection.TrySend(silo.Serializer.Serialize(new Message { Kind = MessageKind.Leaves, SendingSilo = silo.Silo })))
        {
            OnLeft(connection);
        }
    }

    private void OnLeft(IMessageConnection connection)
    {
        if (_toldToLeave.TryGetValue(connection, out var confirmed))
        {
            confirmed.TrySetResult();
        }
    }

    private void OnFrame(IMessageConnection connection, GrainId client, ReadOnlyMemory<byte> frame)
    {
        try
        {
            var message = silo.Serializer.Deserialize(frame);
            if (message.Kind == MessageKind.Leaves)
            {
                OnLeft(connection);
                return;
            }

            if (message.Kind > MessageKind.Leaves)
            {
                throw new InvalidMessageFrameException($"{client} has sent a message of kind {message.Kind}, which there is not.");
            }

            if (message.Kind != MessageKind.Response)
            {
                // Filters may let callers in or not by this id.
                if (message.SendingGrain != client && ClientKey.ClientOf(message.SendingGrain) != client)
                {
                    throw new InvalidMessageFrameException($"{client} has sent a message in the name of {message.SendingGrain}.");
                }

                message.SendingSilo = silo.Silo;
                message.Flags = (message.Flags | MessageFlags.FromClient) & ~MessageFlags.IsNewPlacement;
                message.TargetSilo = message.TargetGrain.IsSystemTarget() ? SystemTarget.SiloOf(message.TargetGrain) : null;
                if (message.Kind is MessageKind.Request or MessageKind.OneWay && overload.Reason is { } reason)
                {
                    silo.Reject(message, new GatewayTooBusyException($"Gateway {silo.Silo} has too much to do and takes no requests. {reason}"));
                    return;
                }
            }

            silo.ReceiveFromClient(message);
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

    private void Send(IMessageConnection connection, Message message)
    {
        if (connection.IsCongested && message.Kind is MessageKind.Request or MessageKind.OneWay)
        {
            silo.Reject(message, new OrleansMessageRejectionException(
                $"Client {message.TargetGrain} does not take messages as fast as they come, and too many bytes wait for it. Call its observers less often."));
            return;
        }

        try
        {
            connection.TrySend(silo.Serializer.Serialize(message));
        }
        catch (SerializerException exception) when (message.Response is { } response)
        {
            message.Response = MessageSerializer.Failure(response, exception);
            Send(connection, message);
        }
        catch (SerializerException exception)
        {
            silo.Reject(message, exception);
        }
        catch (InvalidMessageFrameException exception)
        {
            // The client's call ends with its timeout.
            LogTooLarge(silo.Logger, exception);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Message {Message} is dropped: its client is not connected here.")]
    private static partial void LogDropped(ILogger logger, Message message);

    [LoggerMessage(LogLevel.Error, "A client has sent a frame that cannot be read. Its connection is closed.")]
    private static partial void LogBadFrame(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "A message from a client could not be handled.")]
    private static partial void LogReceiveFailed(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Error, "A message for a client is too large and is dropped.")]
    private static partial void LogTooLarge(ILogger logger, Exception exception);
}

/// <summary><see cref="IClientDirectory"/> of this silo.</summary>
internal sealed class ClientDirectory(ILocalSiloDetails silo, Lazy<SiloRuntime> runtime, Lazy<GrainTypeTable> types) : SystemTarget(Type, silo.SiloAddress), IClientDirectory
{
    public static readonly GrainType Type = GrainType.Create(GrainTypePrefix.SystemTargetPrefix + "clients");

    public Task<bool> HasClientAsync(GrainId client) => Task.FromResult(runtime.Value.Gateway.Has(client));

    public Task<GrainClassEntry[]> GetGrainClassesAsync() => Task.FromResult<GrainClassEntry[]>([.. types.Value.Entries]);
}
