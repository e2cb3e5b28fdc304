using System.Net;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>A connection that this process has made, to a silo that has let it in. Thread-safe.</summary>
internal sealed class OutgoingConnection
{
    /// <summary>True: it may send. False: the connection is not needed.</summary>
    private readonly TaskCompletionSource<bool> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IPEndPoint _endpoint;
    private readonly IMessageConnection _connection;
    private readonly Action<OutgoingConnection, ReadOnlyMemory<byte>> _onFrame;
    private readonly Action<OutgoingConnection> _onClosed;
    private readonly bool _takesLate;
    private volatile bool _isWelcome;
    private volatile bool _isClosed;

    private OutgoingConnection(
        IPEndPoint endpoint,
        IMessageConnection connection,
        Action<OutgoingConnection, ReadOnlyMemory<byte>> onFrame,
        Action<OutgoingConnection> onClosed,
        bool takesLate)
    {
        _endpoint = endpoint;
        _connection = connection;
        _onFrame = onFrame;
        _onClosed = onClosed;
        _takesLate = takesLate;
    }

    /// <summary>Who has let this process in.</summary>
    public SiloAddress Silo { get; private set; } = SiloAddress.Zero;

    public bool IsClosed => _isClosed;

    /// <summary>Whether nothing comes back over it.</summary>
    public bool IsOneWay { get; private set; }

    /// <summary>What it is made of.</summary>
    public IMessageConnection Connection => _connection;

    public bool IsCongested => _connection.IsCongested;

    /// <summary>Connects and exchanges names.</summary>
    /// <inheritdoc cref="OpenAsync(IMessageTransport, IPEndPoint, Func{Greeting?}, Action{OutgoingConnection, ReadOnlyMemory{byte}}, Action{OutgoingConnection}, bool, TimeSpan, CancellationToken)"/>
    public static async Task<OutgoingConnection> OpenAsync(
        IMessageTransport transport,
        IPEndPoint endpoint,
        Greeting greeting,
        Action<OutgoingConnection, ReadOnlyMemory<byte>> onFrame,
        Action<OutgoingConnection> onClosed,
        TimeSpan timeout,
        CancellationToken cancellationToken) =>
        await OpenAsync(transport, endpoint, () => greeting, onFrame, onClosed, takesLate: false, timeout, cancellationToken).ConfigureAwait(false)
            ?? throw new ConnectionFailedException($"Unable to connect to endpoint {endpoint}: what answers there takes this process for a silo.");

    /// <summary>Connects and exchanges names, unless it turns out not to be needed.</summary>
    /// <param name="greet">Called when there is a connection. Null: it is not needed any more.</param>
    /// <param name="onFrame">Called for each frame after the welcome, perhaps before this method returns.</param>
    /// <param name="onClosed">Called when the connection ends after the welcome, perhaps before this method returns.</param>
    /// <param name="takesLate">Whether <paramref name="onFrame"/> and <paramref name="onClosed"/> are called also for a connection whose welcome came too late: the other side may have sent.</param>
    /// <param name="timeout">For all of it.</param>
    /// <returns>Null: it is not needed, or the other side says so, and is closed.</returns>
    /// <exception cref="ConnectionFailedException">Nobody accepts at the endpoint, or answers in time, or it does not let this process in.</exception>
    public static async Task<OutgoingConnection?> OpenAsync(
        IMessageTransport transport,
        IPEndPoint endpoint,
        Func<Greeting?> greet,
        Action<OutgoingConnection, ReadOnlyMemory<byte>> onFrame,
        Action<OutgoingConnection> onClosed,
        bool takesLate,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            var connection = await transport.ConnectAsync(endpoint, limit.Token).ConfigureAwait(false);
            var result = new OutgoingConnection(endpoint, connection, onFrame, onClosed, takesLate);
            return await result.GreetAsync(greet, limit.Token).ConfigureAwait(false) ? result : null;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionFailedException(
                $"Unable to connect to endpoint {endpoint}: nobody answered within {timeout}. Check the address, and that no firewall is between.", exception);
        }
    }

    /// <summary>See <see cref="IMessageConnection.TrySend"/>.</summary>
    public bool TrySend(ReadOnlyMemory<byte> frame) => _connection.TrySend(frame);

    /// <summary>See <see cref="IMessageConnection.TakeUnsent"/>.</summary>
    public List<ReadOnlyMemory<byte>> TakeUnsent() => _connection.TakeUnsent();

    public void Close() => _connection.Close();

    /// <returns>Whether it is let in; false: the connection is not needed.</returns>
    private async Task<bool> GreetAsync(Func<Greeting?> greet, CancellationToken cancellationToken)
    {
        _connection.Start(OnFrame, OnClosed);
        try
        {
            if (greet() is { } greeting)
            {
                _connection.TrySend(greeting.ToFrame());
                if (await _answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false))
                {
                    return true;
                }
            }

            _answer.TrySetCanceled(CancellationToken.None);
            _connection.Close();
            return false;
        }
        catch
        {
            // A welcome that comes too late must not tell an owner of an end that knows of no begin.
            _answer.TrySetCanceled(CancellationToken.None);
            _connection.Close();
            throw;
        }
    }

    private void OnFrame(ReadOnlyMemory<byte> frame)
    {
        if (_isWelcome)
        {
            _onFrame(this, frame);
            return;
        }

        try
        {
            var answer = Greeting.Parse(frame.Span);
            if (answer.Kind is GreetingKind.Welcome or GreetingKind.WelcomeOneWay && SiloAddress.TryParse(answer.Name, out var silo))
            {
                Silo = silo;
                IsOneWay = answer.Kind == GreetingKind.WelcomeOneWay;
                _isWelcome = _answer.TrySetResult(true) || _takesLate;
            }
            else if (answer.Kind == GreetingKind.Yield)
            {
                _answer.TrySetResult(false);
            }
            else
            {
                Fail($"silo {answer.Name} of cluster '{answer.ClusterId}' refuses. {answer.Text}");
            }
        }
        catch (InvalidMessageFrameException exception)
        {
            Fail($"what answers there is no silo. {exception.Message}");
        }
    }

    private void OnClosed()
    {
        _isClosed = true;
        Fail("the connection was closed before a silo said its name" + (_connection.Failure is { } failure ? $" ({failure.GetBaseException().Message})" : "")
            + ". Its log says why if this process was refused, as one without TLS is where it is used, or one whose certificate is not trusted.");
        if (_isWelcome)
        {
            _onClosed(this);
        }
    }

    private void Fail(string reason) => _answer.TrySetException(new ConnectionFailedException($"Unable to connect to endpoint {_endpoint}: {reason}"));
}
