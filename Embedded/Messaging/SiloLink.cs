using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>The way to one silo: not connected, connecting (messages wait), connected, or failed just now (messages are refused). Thread-safe.</summary>
/// <remarks>
/// <para>
/// One connection serves both silos, whichever has begun it. A silo connects when it has something to send and no connection; nothing is sent before the welcome. If both begin at the
/// same time, the attempt of the lower address stays: the lower silo answers the other's greeting with <see cref="GreetingKind.Yield"/> from the moment that it has sent its own,
/// and the higher one takes the lower one's connection although it has greeted. So the attempt that is given up has carried no message, and none can overtake another.
/// </para>
/// <para>
/// A connection that only one side knows to be broken must not keep the other from connecting. Silos count their attempts per link, and a greeting says up to which attempt of the other
/// side its connections were lost. Who gets a greeting over a connection of its own that is not among these knows that it crossed it, and yields; otherwise the connection
/// is broken and is replaced. A connection that the other side has begun is always replaced by its next one. A welcome that comes when its connection is said to be lost already is not used.
/// </para>
/// <para>
/// Where the other side may not send over a connection of this one (<see cref="GreetingKind.WelcomeOneWay"/>), each keeps the one that it has begun: changing to the other's could
/// let a message overtake what is under way.
/// </para>
/// <para>Everything changes under <c>_gate</c>, frames are handed to the connection under it, and nobody else is called there.</para>
/// </remarks>
/// <param name="number">Which of the links to that silo it is, from 0.</param>
internal sealed class SiloLink(SiloConnections owner, SiloAddress target, int number)
{
    private static readonly TimeSpan YieldDelay = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly Queue<(Message Message, ReadOnlyMemory<byte> Frame)> _waiting = new();
    private SiloConnection? _connection;
    private Exception? _failure;
    private long _failedAt;
    private long _attempts;
    private long _lastAdopted;
    private long _lastLost;
    private SiloAddress? _peer;
    private bool _isConnecting;
    private bool _hasGreeted;
    private bool _isLeft;
    private bool _isClosed;

    /// <summary>The silo as it is addressed; with generation 0: whoever is there.</summary>
    public SiloAddress Target => target;

    /// <summary>Completes when no attempt to connect is under way.</summary>
    public Task Connecting { get; private set; } = Task.CompletedTask;

    /// <summary>Sends a message. Connects first if need be; a failure ends the call or is logged.</summary>
    public void Send(Message message, ReadOnlyMemory<byte> frame)
    {
        Exception? failure;
        lock (_gate)
        {
            failure = TrySend(message, frame);
        }

        if (failure is not null)
        {
            Refuse(message, failure);
        }
    }

    /// <summary>Says to a silo that is dead that nothing more comes but answers to what it asks. It may still send what was under way through it.</summary>
    public void SayFarewell()
    {
        var message = new Message { Kind = MessageKind.Leaves, SendingSilo = owner.Silo.Silo };
        var frame = owner.Silo.Serializer.Serialize(message);
        lock (_gate)
        {
            if (_isLeft || _isClosed)
            {
                return;
            }

            _isLeft = true;
            if (_connection is { } connection)
            {
                connection.TrySend(frame);
            }
            else if (_isConnecting)
            {
                _waiting.Enqueue((message, frame));
            }
        }
    }

    /// <summary>Closes it for good.</summary>
    public void Close()
    {
        SiloConnection? connection;
        lock (_gate)
        {
            _isClosed = true;
            connection = _connection;
            _connection = null;
        }

        connection?.Close();
        RefuseWaiting(new ConnectionFailedException($"The connection to {target} was closed."));
    }

    /// <summary>Closes it if it has no connection and nobody waits for one.</summary>
    public bool TryCloseIdle()
    {
        lock (_gate)
        {
            _isClosed |= _connection is null && !_isConnecting;
            return _isClosed;
        }
    }

    /// <summary>Whether it leads, or can lead, to this silo: it has met no other one.</summary>
    public bool LeadsTo(SiloAddress peer) => Volatile.Read(ref _peer) is not { } met || met.Equals(peer);

    /// <summary>A silo has answered. Where a link looks for whoever is at an endpoint, it may be another one than before.</summary>
    public void Meet(SiloAddress peer)
    {
        lock (_gate)
        {
            if (_peer is not null && !_peer.Equals(peer))
            {
                // Its attempts count anew.
                _lastAdopted = 0;
            }

            Volatile.Write(ref _peer, peer);
        }
    }

    /// <summary>Takes a connection that the other silo has begun, and sends over it from now on.</summary>
    /// <param name="peer">The other silo as it calls itself.</param>
    /// <param name="welcome">Lets it in; called before anything is sent.</param>
    /// <returns>False: there is a connection that stays, or is about to be one.</returns>
    public bool TryAdopt(SiloConnection connection, SiloAddress peer, Greeting greeting, Action<GreetingKind> welcome)
    {
        SiloConnection? replaced;
        lock (_gate)
        {
            if (_isClosed || !LeadsTo(peer) || greeting.Attempt <= _lastAdopted || KeepsOwn(peer, greeting))
            {
                return false;
            }

            _peer = peer;
            _lastAdopted = greeting.Attempt;
            _lastLost = Math.Clamp(greeting.Lost, _lastLost, _attempts);
            if (_connection is { IsOneWay: true, IsClosed: false })
            {
                welcome(GreetingKind.WelcomeOneWay);
                return true;
            }

            welcome(GreetingKind.Welcome);
            replaced = Use(connection);
            if (_waiting.Count > 0)
            {
                Connect();
            }
        }

        replaced?.Close();
        return true;
    }

    /// <summary>Sends over another connection what one that has ended has not begun to send.</summary>
    public void OnClosed(SiloConnection connection)
    {
        connection.OnClosed();
        owner.OnEnded(connection);
        lock (_gate)
        {
            if (ReferenceEquals(_connection, connection))
            {
                _connection = null;
            }
        }

        foreach (var frame in connection.TakeUnsent())
        {
            if (owner.Silo.Serializer.Deserialize(frame) is { Kind: not MessageKind.Leaves } message)
            {
                Send(message, frame);
            }
        }

        owner.OnIdle(this);
    }

    private bool KeepsOwn(SiloAddress peer, Greeting greeting) => _connection is { IsOwn: true, IsClosed: false } own
        ? !own.IsOneWay && own.Attempt > greeting.Lost
        : _connection is null && _hasGreeted && owner.Silo.Silo.CompareTo(peer) < 0;

    /// <returns>Why it cannot be sent; null: it is sent, or waits. Under the lock.</returns>
    private ConnectionFailedException? TrySend(Message message, ReadOnlyMemory<byte> frame)
    {
        if (_isClosed || (_isLeft && IsForTheLiving(message)))
        {
            return new ConnectionFailedException($"The connection to {target} is closed.");
        }

        if (_connection is { } connection)
        {
            if (connection.IsCongested && message.Kind is MessageKind.Request or MessageKind.OneWay)
            {
                return new ConnectionFailedException($"Silo {target} does not take messages as fast as they come, and too many bytes wait for it. Call less at a time.");
            }

            if (connection.TrySend(frame))
            {
                return null;
            }

            _connection = null;
        }

        if (!_isConnecting && _failure is ConnectionFailedException failure && Environment.TickCount64 - _failedAt < owner.RetryDelayMilliseconds)
        {
            return failure;
        }

        _waiting.Enqueue((message, frame));
        Connect();
        return null;
    }

    // What others can do as well does not follow the farewell.
    private static bool IsForTheLiving(Message message) =>
        message.Kind != MessageKind.Response || (message.TargetGrain.IsClient() && ClientKey.HostOf(message.TargetGrain) is null);

    /// <summary>Begins to connect unless it does. Under the lock.</summary>
    private void Connect()
    {
        if (!_isConnecting)
        {
            _isConnecting = true;
            Connecting = Task.Run(ConnectAsync);
        }
    }

    /// <summary>Makes a connection the one to send over, with what waits. Under the lock, so that nothing overtakes that.</summary>
    /// <returns>The one so far, to be closed.</returns>
    private SiloConnection? Use(SiloConnection connection)
    {
        var replaced = _connection;
        _failure = null;
        _connection = connection;
        while (_waiting.TryPeek(out var next) && connection.TrySend(next.Frame))
        {
            _waiting.Dequeue();
        }

        if (_waiting.Count > 0)
        {
            _connection = null;
        }

        return ReferenceEquals(replaced, connection) ? null : replaced;
    }

    private async Task ConnectAsync()
    {
        var giveUpAt = Environment.TickCount64 + (long)owner.OpenTimeout.TotalMilliseconds;
        try
        {
            while (!await TryConnectAsync().ConfigureAwait(false))
            {
                if (Environment.TickCount64 > giveUpAt)
                {
                    throw new ConnectionFailedException($"Silo {target} was to connect to this silo at the same time, and has not within {owner.OpenTimeout}.");
                }

                await Task.Delay(YieldDelay).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            OnConnectFailed(exception);
        }
    }

    /// <returns>False: the other silo's connection is to be used, and has not come yet.</returns>
    private async Task<bool> TryConnectAsync()
    {
        var connection = new SiloConnection(isOwn: true);
        var opened = await OutgoingConnection.OpenAsync(
            owner.Transport,
            target.Endpoint,
            () => BeginGreeting(connection),
            (outgoing, frame) =>
            {
                // The first frame may come before OnConnected, and its answer must find this link.
                Attach(connection, outgoing);
                owner.OnFrame(connection, frame);
            },
            outgoing =>
            {
                Attach(connection, outgoing);
                OnClosed(connection);
            },
            takesLate: true,
            owner.OpenTimeout,
            CancellationToken.None).ConfigureAwait(false);
        if (opened is null)
        {
            return IsServed();
        }

        Attach(connection, opened);
        return TryUse(connection, opened);
    }

    private void Attach(SiloConnection connection, OutgoingConnection outgoing)
    {
        if (connection.Source is null)
        {
            connection.Attach(outgoing.Connection);
            if (outgoing.IsOneWay)
            {
                connection.IsOneWay = true;
                connection.OnFarewell();
            }

            owner.OnBegun(connection, this, outgoing.Silo, number);
        }
    }

    /// <returns>The greeting; null: the other silo's connection has come.</returns>
    private Greeting? BeginGreeting(SiloConnection connection)
    {
        lock (_gate)
        {
            if (_connection is not null || _isClosed)
            {
                return null;
            }

            connection.Attempt = ++_attempts;
            _hasGreeted = true;
            return owner.CreateGreeting(target, number, connection.Attempt, _lastAdopted);
        }
    }

    private bool IsServed()
    {
        lock (_gate)
        {
            return EndAttempt();
        }
    }

    /// <returns>Whether no further attempt is needed. Under the lock.</returns>
    private bool EndAttempt()
    {
        _hasGreeted = false;
        _isConnecting = _connection is null && !_isClosed && _waiting.Count > 0;
        return !_isConnecting;
    }

    /// <summary>Sends over a connection that was made from now on, unless it is known not to be the one to send over.</summary>
    /// <returns>False: it is not, and another attempt is needed.</returns>
    private bool TryUse(SiloConnection connection, OutgoingConnection opened)
    {
        SiloConnection? obsolete;
        bool isObsolete;
        bool isDone;
        lock (_gate)
        {
            isObsolete = _isClosed || connection.Attempt <= _lastLost || (connection.IsOneWay && _connection is { IsClosed: false });
            obsolete = isObsolete ? connection : opened.IsClosed ? null : Use(connection);
            isDone = EndAttempt();
        }

        obsolete?.Close();
        if (!isDone && !isObsolete)
        {
            OnConnectFailed(new ConnectionFailedException($"Silo {target} has closed the connection right after it was made."));
            return true;
        }

        return isDone;
    }

    private void OnConnectFailed(Exception exception)
    {
        var failure = exception as ConnectionFailedException
            ?? new ConnectionFailedException($"Unable to connect to silo {target} within {owner.OpenTimeout}.", exception);
        lock (_gate)
        {
            _hasGreeted = false;
            _isConnecting = false;
            if (_connection is not null)
            {
                return;
            }

            _failure = failure;
            _failedAt = Environment.TickCount64;
        }

        RefuseWaiting(failure);
        owner.OnIdle(this);
    }

    private void RefuseWaiting(Exception failure)
    {
        List<(Message Message, ReadOnlyMemory<byte> Frame)> waiting;
        lock (_gate)
        {
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        waiting.ForEach(entry => Refuse(entry.Message, failure));
    }

    private void Refuse(Message message, Exception failure)
    {
        if (message.Kind != MessageKind.Leaves && !owner.Silo.TrySendElsewhere(message, message.TargetSilo ?? target))
        {
            owner.Silo.Reject(message, new OrleansMessageRejectionException($"Exception while sending message: {failure}", failure));
        }
    }
}
