using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>A network within the process. Silos and clients that share one object reach each other. Thread-safe.</summary>
internal sealed class InMemoryTransport : IMessageTransport
{
    private readonly ConcurrentDictionary<IPEndPoint, Listener> _listeners = new();

    /// <summary>The network of those who have none of their own.</summary>
    public static InMemoryTransport Shared { get; } = new();

    public IDisposable Listen(IPEndPoint endpoint, Action<IMessageConnection> accept)
    {
        var listener = new Listener(this, endpoint, accept);
        return _listeners.TryAdd(endpoint, listener)
            ? listener
            : throw new ConnectionFailedException($"Endpoint {endpoint} is in use in this process. Give each silo its own ports.");
    }

    public ValueTask<IMessageConnection> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        if (!_listeners.TryGetValue(endpoint, out var listener) && !_listeners.TryGetValue(AnyAddressOf(endpoint), out listener))
        {
            throw new ConnectionFailedException($"Unable to connect to endpoint {endpoint}: nobody listens there.");
        }

        var (near, far) = Connection.CreatePair();
        listener.Accept(far);
        return new ValueTask<IMessageConnection>(near);
    }

    private static IPEndPoint AnyAddressOf(IPEndPoint endpoint) =>
        new(endpoint.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, endpoint.Port);

    private sealed class Listener(InMemoryTransport transport, IPEndPoint endpoint, Action<IMessageConnection> accept) : IDisposable
    {
        public void Accept(IMessageConnection connection) => accept(connection);

        public void Dispose() => transport._listeners.TryRemove(new KeyValuePair<IPEndPoint, Listener>(endpoint, this));
    }

    /// <summary>One end. What the other end sends queues up here, and the thread pool hands it on.</summary>
    private sealed class Connection : IMessageConnection, IThreadPoolWorkItem
    {
        private readonly Queue<ReadOnlyMemory<byte>> _received = new();
        private Connection _peer = null!;
        private Action<ReadOnlyMemory<byte>>? _onFrame;
        private Action? _onClosed;
        private bool _isPumping;
        private bool _isClosed;

        public string RemoteName => "this process";

        public Exception? Failure => null;

        public bool IsCongested => false;

        public bool IsPeerProven => true;

        public static (Connection Near, Connection Far) CreatePair()
        {
            var near = new Connection();
            var far = new Connection { _peer = near };
            near._peer = far;
            return (near, far);
        }

        public void Start(Action<ReadOnlyMemory<byte>> onFrame, Action onClosed, bool slowsPeer = false)
        {
            lock (_received)
            {
                _onFrame = onFrame;
                _onClosed = onClosed;
            }

            Wake();
        }

        public bool TrySend(ReadOnlyMemory<byte> frame) => _peer.TryReceive(frame);

        public List<ReadOnlyMemory<byte>> TakeUnsent() => [];

        public void Close()
        {
            CloseEnd();
            _peer.CloseEnd();
        }

        void IThreadPoolWorkItem.Execute()
        {
            while (true)
            {
                ReadOnlyMemory<byte> frame;
                lock (_received)
                {
                    if (!_received.TryDequeue(out frame))
                    {
                        if (!_isClosed)
                        {
                            _isPumping = false;
                            return;
                        }

                        // _isPumping stays set: nothing follows.
                        break;
                    }
                }

                _onFrame!(frame);
            }

            _onClosed!();
        }

        private bool TryReceive(ReadOnlyMemory<byte> frame)
        {
            lock (_received)
            {
                if (_isClosed)
                {
                    return false;
                }

                _received.Enqueue(frame);
            }

            Wake();
            return true;
        }

        private void CloseEnd()
        {
            lock (_received)
            {
                _isClosed = true;
            }

            Wake();
        }

        private void Wake()
        {
            lock (_received)
            {
                if (_isPumping || _onFrame is null || (_received.Count == 0 && !_isClosed))
                {
                    return;
                }

                _isPumping = true;
            }

            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }
}
