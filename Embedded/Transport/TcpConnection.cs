using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;

namespace Orleans.Runtime;

/// <summary>One end of a TCP connection. Thread-safe.</summary>
/// <remarks>
/// <para>
/// Sending: frames queue up; the first of them puts a work item on the thread pool, which writes until the queue is empty. So whatever is sent meanwhile goes along in one write,
/// and a sender never waits. (A sender that writes itself spares a lone call a hop, and costs many callers their common writes: a quarter of the calls per second were left.)
/// The receiver calls back on the thread that the bytes came on.
/// </para>
/// <para>
/// End: <see cref="Close"/> lets the queue run empty, ends the stream and waits for the end of the other side's; so what was sent arrives, also where the other side is slow. It gives up
/// when nothing could be written for <see cref="TcpSettings.LingerLimit"/>, and after <see cref="TcpSettings.MaxLinger"/> in any case. A broken
/// connection, an end of the stream or a bad frame end it at once. Both lead out of <see cref="ReceiveAsync"/>, which tells the owner when nothing is being written any more;
/// frames that no write has begun with can be taken back then.
/// </para>
/// <para>
/// Back-pressure: a gateway does not read on while much waits to be sent over the connection, so a client that asks without taking the answers is slowed down. The other side
/// always reads; if both paused, both could wait forever. Silos do not pause: who does not read does not see that the other one lives.
/// </para>
/// </remarks>
internal sealed class TcpConnection : IMessageConnection, IThreadPoolWorkItem, IDisposable
{
    /// <summary>The longest first frame.</summary>
    public const int MaxFirstFrameBytes = 4096;

    private const int BufferBytes = 32 * 1024;

    // A write that ends shows that the other side takes something.
    private const int MostBytesPerWrite = 256 * 1024;
    private const int LooksPerLinger = 4;
    private const int MostKeptFrames = 1024;
    private const long CongestedBytes = 128 * 1024 * 1024;
    private const long PauseBytes = 16 * 1024 * 1024;

    private readonly TcpTransport _owner;
    private readonly Socket _socket;
    private readonly SslStream? _secured;
    private readonly Stream _stream;
    private bool _slowsPeer;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<ReadOnlyMemory<byte>> _queued = [];
    private List<ReadOnlyMemory<byte>> _sending = [];
    private long _queuedBytes;
    private int _bufferedBytes;
    private int _takenBytes;
    private int _begunCount;
    private bool _isFlushing;
    private bool _isClosed;
    private TaskCompletionSource? _flushed;
    private TaskCompletionSource? _room;
    private Timer? _linger;
    private long _closedAt;
    private long _writtenAt;
    private Action<ReadOnlyMemory<byte>> _onFrame = static _ => { };
    private Action _onClosed = static () => { };

    /// <param name="secured">The stream of a connection that is secured.</param>
    public TcpConnection(TcpTransport owner, Socket socket, SslStream? secured)
    {
        _owner = owner;
        _socket = socket;
        RemoteName = socket.RemoteEndPoint?.ToString() ?? "nowhere";
        _secured = secured;
        _stream = (Stream?)secured ?? new NetworkStream(socket, ownsSocket: true);
    }

    public string RemoteName { get; }

    public Exception? Failure { get; private set; }

    public bool IsCongested => Volatile.Read(ref _queuedBytes) > CongestedBytes;

    public bool IsPeerProven => _secured is null or { RemoteCertificate: not null };

    /// <summary>Completes when the connection has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Gathers small frames for one write. Only the flush uses it.</summary>
    private byte[] Buffer => field ??= new byte[BufferBytes];

    public void Start(Action<ReadOnlyMemory<byte>> onFrame, Action onClosed, bool slowsPeer = false)
    {
        _slowsPeer = slowsPeer;
        _onFrame = onFrame;
        _onClosed = onClosed;

        // Not on the caller's thread, which may accept others, and not in its context, which would be that of all frames.
        ThreadPool.UnsafeQueueUserWorkItem(static connection => _ = connection.ReceiveAsync(), this, preferLocal: false);
    }

    public bool TrySend(ReadOnlyMemory<byte> frame)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return false;
            }

            _queued.Add(frame);
            _queuedBytes += frame.Length;
            if (_isFlushing)
            {
                return true;
            }

            _isFlushing = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    public void Close()
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            _closedAt = _writtenAt = Environment.TickCount64;
            var interval = _owner.Settings.LingerLimit / LooksPerLinger;
            _linger = new Timer(static connection => ((TcpConnection)connection!).EndLinger(), this, interval, interval);
            if (_isFlushing)
            {
                return;
            }

            _isFlushing = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Breaks the connection. What waits is lost.</summary>
    public void Dispose()
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _isClosed = true;
            (room, _room) = (_room, null);
        }

        _stream.Dispose();
        room?.SetResult();
    }

    /// <summary>Breaks a closed connection that has waited long enough.</summary>
    private void EndLinger()
    {
        var now = Environment.TickCount64;
        if (now - Volatile.Read(ref _writtenAt) >= _owner.Settings.LingerLimit.TotalMilliseconds || now - _closedAt >= _owner.Settings.MaxLinger.TotalMilliseconds)
        {
            Dispose();
        }
    }

    public List<ReadOnlyMemory<byte>> TakeUnsent()
    {
        lock (_gate)
        {
            List<ReadOnlyMemory<byte>> unsent = [.. _sending[_begunCount..], .. _queued];
            _sending.Clear();
            _queued.Clear();
            _begunCount = 0;
            return unsent;
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = FlushAsync();

    private async Task FlushAsync()
    {
        try
        {
            while (true)
            {
                switch (TakeQueued())
                {
                    case Next.Nothing:
                        return;
                    case Next.End:
                        await (_secured?.ShutdownAsync() ?? Task.CompletedTask).ConfigureAwait(false);
                        _socket.Shutdown(SocketShutdown.Send);
                        OnFlushed();
                        return;
                }

                await WriteSendingAsync().ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // Whatever it is, the receiver sees the end and tells it.
            Dispose();
            OnFlushed();
        }
    }

    /// <summary>Makes what has queued up the next to be sent.</summary>
    private Next TakeQueued()
    {
        lock (_gate)
        {
            if (_queued.Count == 0)
            {
                _isFlushing = _isClosed;
                return _isClosed ? Next.End : Next.Nothing;
            }

            (_queued, _sending) = (_sending, _queued);
            _begunCount = 0;
            return Next.Frames;
        }
    }

    private void OnFlushed()
    {
        lock (_gate)
        {
            (_flushed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    /// <summary>Completes when nothing of a connection that has ended is being written any more.</summary>
    private Task WaitForFlushAsync()
    {
        lock (_gate)
        {
            return _isFlushing ? (_flushed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    private async Task WriteSendingAsync()
    {
        for (var i = 0; i < _sending.Count; i++)
        {
            await WriteAsync(_sending[i], i).ConfigureAwait(false);
        }

        await WriteBufferAsync(_sending.Count).ConfigureAwait(false);
        lock (_gate)
        {
            _begunCount = 0;
            _sending.Clear();
            _sending.Capacity = Math.Min(_sending.Capacity, MostKeptFrames);
        }
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> frame, int index)
    {
        if (_bufferedBytes + FrameReader.PrefixBytes > BufferBytes)
        {
            await WriteBufferAsync(index).ConfigureAwait(false);
        }

        BinaryPrimitives.WriteInt32LittleEndian(Buffer.AsSpan(_bufferedBytes), frame.Length);
        _bufferedBytes += FrameReader.PrefixBytes;
        if (_bufferedBytes + frame.Length > BufferBytes)
        {
            // With the length of this one, so it has begun.
            await WriteBufferAsync(index + 1).ConfigureAwait(false);
        }

        if (frame.Length > BufferBytes)
        {
            for (var rest = frame; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, MostBytesPerWrite)..])
            {
                await _stream.WriteAsync(rest[..Math.Min(rest.Length, MostBytesPerWrite)]).ConfigureAwait(false);
                NoteWritten();
            }
        }
        else
        {
            frame.CopyTo(Buffer.AsMemory(_bufferedBytes));
            _bufferedBytes += frame.Length;
        }

        _takenBytes += frame.Length;
    }

    /// <param name="begunCount">How many of the frames that are being sent have begun with it.</param>
    private async ValueTask WriteBufferAsync(int begunCount)
    {
        _begunCount = begunCount;
        if (_bufferedBytes > 0)
        {
            await _stream.WriteAsync(Buffer.AsMemory(0, _bufferedBytes)).ConfigureAwait(false);
            _bufferedBytes = 0;
            NoteWritten();
        }

        OnTaken();
    }

    private void NoteWritten()
    {
        if (Volatile.Read(ref _isClosed))
        {
            Volatile.Write(ref _writtenAt, Environment.TickCount64);
        }
    }

    private void OnTaken()
    {
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            _queuedBytes -= _takenBytes;
            _takenBytes = 0;
            if (_room is not null && _queuedBytes < PauseBytes / 2)
            {
                (room, _room) = (_room, null);
            }
        }

        room?.SetResult();
    }

    private async Task ReceiveAsync()
    {
        try
        {
            await ReceiveFramesAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Once this side has closed it, what the network says of it means nothing.
            var wasClosed = Volatile.Read(ref _linger) is not null;
            Failure = wasClosed && exception is (IOException or SocketException or ObjectDisposedException) ? null : exception;
            _owner.OnBroken(this, exception, wasClosed);
        }

        Dispose();
        await WaitForFlushAsync().ConfigureAwait(false);
        lock (_gate)
        {
            _linger?.Dispose();
        }

        _owner.OnEnded(this);
        _ended.SetResult();
        _onClosed();
    }

    private async Task ReceiveFramesAsync()
    {
        var reader = new FrameReader(_stream, MaxFirstFrameBytes + FrameReader.PrefixBytes);
        ReadOnlyMemory<byte> first;
        using (var limit = new CancellationTokenSource(_owner.Settings.OpenTimeout))
        {
            while (!reader.TryRead(out first))
            {
                if (!await reader.FillAsync(limit.Token).ConfigureAwait(false))
                {
                    return;
                }
            }
        }

        reader.MaxFrameBytes = _owner.Settings.MaxFrameBytes;
        _onFrame(first);
        do
        {
            while (reader.TryRead(out var frame))
            {
                _onFrame(frame);
            }

            if (_slowsPeer)
            {
                await WaitForRoomAsync().ConfigureAwait(false);
            }
        }
        while (await reader.FillAsync(CancellationToken.None).ConfigureAwait(false));
    }

    private Task WaitForRoomAsync()
    {
        if (Volatile.Read(ref _queuedBytes) <= PauseBytes)
        {
            return Task.CompletedTask;
        }

        lock (_gate)
        {
            if (_isClosed || _queuedBytes <= PauseBytes)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    private enum Next
    {
        Nothing,
        Frames,
        End,
    }
}
