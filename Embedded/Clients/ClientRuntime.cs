using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime.Messaging;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.Session;

namespace Orleans.Runtime;

/// <summary>The runtime of a client outside of the silos: calls go through gateways, to which it is connected. Thread-safe.</summary>
internal sealed partial class ClientRuntime : CallRuntime, ILifecycleParticipant<IClusterClientLifecycle>, IDisposable
{
    private readonly MessageSerializer _serializer;
    private readonly IMessageTransport _transport;
    private readonly GatewayOptions _gatewayOptions;
    private readonly ConnectionOptions _connectionOptions;
    private readonly string _clusterId;
    private readonly SemaphoreSlim _refresh = new(1);
    private readonly Timer _refresher;
    private readonly Timer _retrier;
    private readonly ConcurrentDictionary<IPEndPoint, bool> _unreachable = new();
    private ImmutableArray<GatewayLink> _links = [];
    private GrainClassEntry[] _classes = [];
    private volatile bool _isStarted;
    private volatile bool _isStopped;

    public ClientRuntime(
        IServiceProvider services,
        IMessageTransport transport,
        IOptions<ClientMessagingOptions> messaging,
        IOptions<GatewayOptions> gateways,
        IOptions<ConnectionOptions> connections,
        IOptions<ClusterOptions> cluster,
        ILogger<ClientRuntime> logger)
        : base(services, messaging.Value)
    {
        Logger = logger;
        _transport = transport;
        _gatewayOptions = gateways.Value;
        _connectionOptions = connections.Value;
        _clusterId = cluster.Value.ClusterId;
        _serializer = new MessageSerializer(
            services.GetRequiredService<SerializerSessionPool>(), messaging.Value.MaxMessageHeaderSize, messaging.Value.MaxMessageBodySize);
        Observers = new LocalObservers(this, logger, (request, response) => Send(request.CreateResponse(response)));
        Types = new GrainTypeTable(() => Volatile.Read(ref _classes));
        _refresher = new Timer(static state => ((ClientRuntime)state!).RefreshInBackground(mustLoadClasses: true), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _retrier = new Timer(static state => ((ClientRuntime)state!).RefreshInBackground(mustLoadClasses: false), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public override GrainId ClientId { get; } = ClientKey.CreateClient();

    public override SiloAddress? Silo => null;

    /// <summary>Told how many gateways are connected, after each change, on any thread.</summary>
    public event Action<int>? GatewayCountChanged;

    public LocalObservers Observers { get; }

    protected override bool SerializesAtOnce => true;

    public GrainTypeTable Types { get; }

    public ILogger<ClientRuntime> Logger { get; }

    void ILifecycleParticipant<IClusterClientLifecycle>.Participate(IClusterClientLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(ClientRuntime), ServiceLifecycleStage.RuntimeInitialize, StartAsync, StopAsync);

    public override void Send(Message message)
    {
        byte[] frame;
        try
        {
            frame = _serializer.Serialize(message);
        }
        catch (InvalidMessageFrameException exception)
        {
            // As with the official runtime, the call ends with its timeout.
            LogTooLarge(Logger, exception);
            return;
        }
        catch (Serialization.CodecNotFoundException exception) when (message.Request is not null && exception.MissingType is { } type)
        {
            // As it would fail where arguments are copied first.
            throw Serialization.CodecNotFoundException.NoCopier(type);
        }
        catch (Serialization.SerializerException exception) when (message.Response is not null)
        {
            message.Response = MessageSerializer.Failure(message.Response, exception);
            frame = _serializer.Serialize(message);
        }

        // A frame that a closed connection did not take is sent once more, elsewhere.
        if (!TrySend(message, frame) && !TrySend(message, frame))
        {
            throw NotSent(message);
        }
    }

    public void Dispose()
    {
        Stop();
        Pending.Dispose();
        _refresher.Dispose();
        _retrier.Dispose();
        _refresh.Dispose();
    }

    protected override void ThrowIfStopped() => ObjectDisposedException.ThrowIf(_isStopped, this);

    protected override void SendCancel(Message request)
    {
        var cancel = new Message
        {
            Kind = MessageKind.Cancel,
            Id = request.Id,
            SendingGrain = request.SendingGrain,
            TargetGrain = request.TargetGrain,
            InterfaceType = request.InterfaceType,
        };
        TrySend(cancel, _serializer.Serialize(cancel));
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var retry = Services.GetService<IClientConnectionRetryFilter>();
        while (true)
        {
            try
            {
                await Provider.InitializeGatewayListProvider().ConfigureAwait(false);
                await RefreshAsync(cancellationToken).ConfigureAwait(false);
                break;
            }
            catch (Exception exception) when (exception is not OperationCanceledException && retry is not null)
            {
                if (!await retry.ShouldRetryConnectionAttempt(exception, cancellationToken).ConfigureAwait(false))
                {
                    throw;
                }
            }
        }

        await LoadClassesAsync().ConfigureAwait(false);
        _isStarted = true;
        if (!_unreachable.IsEmpty)
        {
            _retrier.Change(_connectionOptions.ConnectionRetryDelay, Timeout.InfiniteTimeSpan);
        }

        _refresher.Change(_gatewayOptions.GatewayListRefreshPeriod, _gatewayOptions.GatewayListRefreshPeriod);
    }

    private IGatewayListProvider Provider => field ??= Services.GetRequiredService<IGatewayListProvider>();

    private Task StopAsync(CancellationToken cancellationToken)
    {
        Stop();
        return Task.CompletedTask;
    }

    private void Stop()
    {
        _isStopped = true;
        Pending.Close(static () => new SiloUnavailableException("The local Orleans client is shutting down, so no more calls are made. Call from a client that runs."));
        foreach (var link in _links)
        {
            link.Close();
        }
    }

    private async Task LoadClassesAsync()
    {
        if (_links is not [var link, ..])
        {
            throw new ConnectionFailedException("The connection to the gateway is lost already. Start the client again.");
        }

        var silo = link.Silo;
        var directory = (IClientDirectory)GetReference(SystemTarget.IdOf(ClientDirectory.Type, silo), typeof(IClientDirectory), silo);
        Volatile.Write(ref _classes, await directory.GetGrainClassesAsync().ConfigureAwait(false));
        Types.Invalidate();
    }

    private OrleansException NotSent(Message message) => _isStopped
        ? new SiloUnavailableException("The local Orleans client is shutting down, so no more calls are made. Call from a client that runs.")
        : _links.Any(link => link.IsCongested)
        ? new OrleansMessageRejectionException($"The gateways do not take messages as fast as they come, so message {message} is not sent. Call less at a time.")
        : new OrleansMessageRejectionException($"No gateways available to send message {message}. Check that silos with gateways run, and which the client is told of.");

    private bool TrySend(Message message, ReadOnlyMemory<byte> frame)
    {
        var links = _links;
        if (links.IsEmpty || _isStopped)
        {
            return false;
        }

        // Requests of one grain take one way, so that they keep their order as a rule.
        var start = (int)(message.TargetGrain.GetUniformHashCode() % (uint)links.Length);
        GatewayLink? leaving = null;
        for (var i = 0; i < links.Length; i++)
        {
            var link = links[(start + i) % links.Length];
            if (link.IsLeaving)
            {
                leaving = link;
            }
            else if (!link.IsCongested && link.TrySend(frame))
            {
                return true;
            }
        }

        return leaving is not null && leaving.TrySendLate(frame);
    }

    private void RefreshInBackground(bool mustLoadClasses) => _ = Task.Run(async () =>
    {
        try
        {
            var isConnected = await RefreshAsync(CancellationToken.None).ConfigureAwait(false);
            if (mustLoadClasses || isConnected)
            {
                await LoadClassesAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            if (!_isStopped)
            {
                LogRefreshFailed(Logger, exception);
            }
        }
    });

    /// <summary>Connects to the gateways of the list that it is not connected to, and leaves those that are not in it any more; tries again later where a connect fails.</summary>
    /// <returns>Whether there is a new connection.</returns>
    /// <exception cref="ConnectionFailedException">There is no connection at all.</exception>
    private async Task<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        await _refresh.WaitAsync(cancellationToken).ConfigureAwait(false);
        var mustRetry = true;
        try
        {
            if (_isStopped)
            {
                return false;
            }

            var endpoints = (await Provider.GetGateways().ConfigureAwait(false)).Select(GatewayUri.ToEndpoint).Distinct().ToList();
            var missing = endpoints.Where(endpoint => !_links.Any(link => link.Endpoint.Equals(endpoint) && !link.IsLeaving)).ToList();
            var failures = await Task.WhenAll(missing.Select(endpoint => TryConnectAsync(endpoint, cancellationToken))).ConfigureAwait(false);
            if (_links.IsEmpty)
            {
                throw NothingConnected(endpoints, failures.OfType<ConnectionFailedException>().FirstOrDefault());
            }

            // A silo that hangs keeps its connections open; what is sent there waits for its timeout. An empty list says nothing about a gateway that works.
            foreach (var link in _links.Where(link => endpoints.Count > 0 && !link.IsLeaving && !endpoints.Contains(link.Endpoint)))
            {
                link.Close();
            }

            mustRetry = failures.Any(failure => failure is not null);
            return failures.Any(failure => failure is null);
        }
        finally
        {
            if (mustRetry && _isStarted && !_isStopped)
            {
                _retrier.Change(_connectionOptions.ConnectionRetryDelay, Timeout.InfiniteTimeSpan);
            }

            _refresh.Release();
        }
    }

    /// <returns>Null, or why it failed.</returns>
    private async Task<ConnectionFailedException?> TryConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        try
        {
            var greeting = new Greeting(GreetingKind.Client, _clusterId, ClientId.Key.ToString());
            var link = await GatewayLink.ConnectAsync(_transport, endpoint, greeting, OnFrame, OnClosed, _connectionOptions.OpenConnectionTimeout, cancellationToken).ConfigureAwait(false);
            ImmutableInterlocked.Update(ref _links, static (links, added) => links.Add(added), link);
            _unreachable.TryRemove(endpoint, out _);
            GatewayCountChanged?.Invoke(_links.Length);
            if (link.IsClosed)
            {
                OnClosed(link);
            }

            if (_isStopped)
            {
                link.Close();
            }

            return null;
        }
        catch (ConnectionFailedException exception)
        {
            // Once, not at each of the attempts that follow.
            if (_unreachable.TryAdd(endpoint, true))
            {
                LogGatewayFailed(Logger, endpoint.ToString(), exception.Message);
            }

            return exception;
        }
    }

    private ConnectionFailedException NothingConnected(List<IPEndPoint> endpoints, ConnectionFailedException? cause) => endpoints.Count == 0
        ? new ConnectionFailedException($"Cluster '{_clusterId}' has no gateways. Start a silo whose GatewayPort is not 0.")
        : new ConnectionFailedException(
            $"Unable to connect to any gateway of cluster '{_clusterId}'; tried {string.Join(", ", endpoints)}. Check that a silo with a gateway runs there. {cause?.Message}", cause!);

    private void OnFrame(GatewayLink link, ReadOnlyMemory<byte> frame)
    {
        try
        {
            var message = _serializer.Deserialize(frame);
            switch (message.Kind)
            {
                case MessageKind.Leaves:
                    link.Leave(_serializer.Serialize(new Message { Kind = MessageKind.Leaves }));
                    RefreshInBackground(mustLoadClasses: false);
                    break;
                case MessageKind.Response when Pending.TryGet(message.Id, out var call):
                    Pending.Complete(message.Id, _serializer.ReadResponse(message, call.Method));
                    break;
                case MessageKind.Request or MessageKind.OneWay:
                    ReceiveForObserver(message);
                    break;
            }
        }
        catch (Exception exception)
        {
            LogReceiveFailed(Logger, exception);
        }
    }

    private void ReceiveForObserver(Message message)
    {
        try
        {
            _serializer.ReadRequest(message);
        }
        catch (Exception exception)
        {
            if (message.Kind == MessageKind.Request)
            {
                Send(message.CreateResponse(Response.FromException(exception)));
            }

            return;
        }

        Observers.Receive(message);
    }

    private void OnClosed(GatewayLink link)
    {
        // A link that closes while it opens is not in the list yet; who adds it looks.
        if (ImmutableInterlocked.Update(ref _links, static (links, removed) => links.Remove(removed), link) && !_isStopped)
        {
            LogGatewayLost(Logger, link.Endpoint.ToString());
            GatewayCountChanged?.Invoke(_links.Length);
            RefreshInBackground(mustLoadClasses: false);
            SendElsewhere(link.TakeUnsent());
        }
    }

    /// <summary>Sends what a broken connection has not begun to send over another one.</summary>
    private void SendElsewhere(List<ReadOnlyMemory<byte>> frames)
    {
        foreach (var frame in frames)
        {
            var message = _serializer.Deserialize(frame);
            if (!TrySend(message, frame) && message.Kind == MessageKind.Request)
            {
                Pending.Fail(message.Id, NotSent(message));
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "A message is too large and is not sent.")]
    private static partial void LogTooLarge(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The gateways could not be read, or none could be reached. The next attempt follows.")]
    private static partial void LogRefreshFailed(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Information, "Gateway {Endpoint} could not be reached and is tried again: {Reason}")]
    private static partial void LogGatewayFailed(ILogger logger, string endpoint, string reason);

    [LoggerMessage(LogLevel.Information, "The connection to gateway {Endpoint} is closed.")]
    private static partial void LogGatewayLost(ILogger logger, string endpoint);

    [LoggerMessage(LogLevel.Error, "A message from a gateway could not be handled.")]
    private static partial void LogReceiveFailed(ILogger logger, Exception exception);
}
