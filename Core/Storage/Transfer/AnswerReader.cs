using System.Text;
using Dpark.Codecs;
using Dpark.Configuration;

namespace Dpark.Storage.Transfer;

/// <summary>
/// One request and its answer: bodies that are read one after the other. If a connection breaks, asks another one for the rest. Used by one caller at a time.
/// </summary>
/// <remarks>
/// A server ends the connection of a reader that takes nothing for a while. A reader that comes back then goes on where it was, so how slowly somebody reads does
/// not matter. Attempts are counted from the last byte that arrived; a server that is silent for too long is given up at once.
/// </remarks>
internal sealed class AnswerReader(ConnectionPool pool, string endpoint, BlockRequest request, BlockClientOptions options, TimeProvider time) : IDisposable
{
    private readonly byte[] _header = new byte[BlockProtocol.AnswerHeaderLength];
    private BlockConnection? _connection;
    private Task<BlockConnection>? _opening;
    private int _body = -1;
    private int _firstNotAsked;
    private long _length;
    private long _position;
    private int _failures;
    private bool _isFromPool;
    private bool _isDisposed;

    /// <summary>Bytes of the body that is read.</summary>
    public long Length => _length;

    /// <summary>Bytes of it that were not read yet.</summary>
    public long Remaining => _length - _position;

    /// <summary>Sends the request without waiting for anything, so that the server can begin. What fails is tried again when the first body is asked for.</summary>
    public void Start(CancellationToken cancellationToken)
    {
        if (request.BodyCount > 0)
        {
            _opening = StartAsync(cancellationToken);
        }
    }

    /// <summary>Starts with the next body. The one before must have been read to its end.</summary>
    /// <returns>Its bytes.</returns>
    /// <exception cref="IOException">The server cannot be reached, or does not have it.</exception>
    public async ValueTask<long> NextAsync(bool blocking, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Remaining > 0 || _body + 1 >= request.BodyCount)
        {
            throw new InvalidOperationException($"Body {_body} of {request.BodyCount} has {Remaining} bytes that were not read, or is the last one.");
        }

        _body++;
        _position = _length = 0;
        while (true)
        {
            try
            {
                await AskAsync(blocking, cancellationToken).ConfigureAwait(false);
                _length = await ReadHeaderAsync(blocking, cancellationToken).ConfigureAwait(false);
                _failures = 0;
                ReleaseIfDone();
                return _length;
            }
            catch (ConnectionFailedException failure)
            {
                await RecoverAsync(failure, blocking, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads some of the next bytes of the body.</summary>
    /// <returns>How many; 0 at its end, or if <paramref name="buffer"/> is empty.</returns>
    /// <exception cref="IOException">The server cannot be reached any more.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, bool blocking, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Remaining == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        while (true)
        {
            try
            {
                if (_connection is null)
                {
                    await ResumeAsync(blocking, cancellationToken).ConfigureAwait(false);
                }

                var wanted = buffer[..(int)Math.Min(buffer.Length, Remaining)];
                var count = await _connection!.ReceiveAsync(wanted, blocking, cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    throw _connection.Closed(Remaining);
                }

                _position += count;
                _failures = 0;
                ReleaseIfDone();
                return count;
            }
            catch (ConnectionFailedException failure)
            {
                await RecoverAsync(failure, blocking, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends the request. A connection on which something is still to come is closed.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (_opening is { } opening)
        {
            _opening = null;
            _ = AbandonAsync(opening);
        }

        Drop();
    }

    private async Task<BlockConnection> StartAsync(CancellationToken cancellationToken)
    {
        var connection = pool.TryTake(endpoint);
        _isFromPool = connection is not null;
        connection ??= await pool.ConnectAsync(endpoint, blocking: false, cancellationToken).ConfigureAwait(false);
        try
        {
            _firstNotAsked = await SendAsync(connection, firstBody: 0, blocking: false, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            pool.Discard(connection);
            throw;
        }
    }

    private async Task AbandonAsync(Task<BlockConnection> opening)
    {
        try
        {
            pool.Discard(await opening.ConfigureAwait(false));
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody waits for it any more.
        }
    }

    // Sees to it that the current body is asked for, on a connection on which its header comes next.
    private async ValueTask AskAsync(bool blocking, CancellationToken cancellationToken)
    {
        if (_opening is { } opening)
        {
            _opening = null;
            _connection = blocking ? opening.GetAwaiter().GetResult() : await opening.ConfigureAwait(false);
            return;
        }

        if (_connection is null)
        {
            // After a failure a connection that was kept is no better than the last one.
            _connection = _failures == 0 && !_isFromPool ? pool.TryTake(endpoint) : null;
            _isFromPool = _connection is not null;
            _connection ??= await pool.ConnectAsync(endpoint, blocking, cancellationToken).ConfigureAwait(false);
        }
        else if (_body < _firstNotAsked)
        {
            return;
        }

        _firstNotAsked = await SendAsync(_connection, _body, blocking, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<int> SendAsync(BlockConnection connection, int firstBody, bool blocking, CancellationToken cancellationToken)
    {
        using var bytes = new RecordBuffer();
        var firstNotAsked = request.Encode(firstBody, _position, bytes);
        await connection.SendAsync(bytes.WrittenMemory, blocking, cancellationToken).ConfigureAwait(false);
        await connection.SendAsync(request.Payload, blocking, cancellationToken).ConfigureAwait(false);
        return firstNotAsked;
    }

    private async ValueTask ResumeAsync(bool blocking, CancellationToken cancellationToken)
    {
        await AskAsync(blocking, cancellationToken).ConfigureAwait(false);
        var rest = await ReadHeaderAsync(blocking, cancellationToken).ConfigureAwait(false);
        if (rest != Remaining)
        {
            Drop();
            throw new IOException(
                $"The block server at {endpoint} has {rest} bytes left of something of which {Remaining} were to come. " +
                "It was replaced while it was read; read it again.");
        }
    }

    private async ValueTask<long> ReadHeaderAsync(bool blocking, CancellationToken cancellationToken)
    {
        await _connection!.ReceiveExactlyAsync(_header, blocking, cancellationToken).ConfigureAwait(false);
        AnswerStatus status;
        long length;
        try
        {
            (status, length) = BlockProtocol.ReadAnswerHeader(_header);
        }
        catch (InvalidDataException failure)
        {
            Drop();
            throw new IOException($"The block server at {endpoint} sent something wrong. {failure.Message}", failure);
        }

        if (status == AnswerStatus.Ok)
        {
            return length;
        }

        var text = new byte[length];
        await _connection.ReceiveExactlyAsync(text, blocking, cancellationToken).ConfigureAwait(false);

        // An error ends the answer, and the connection is free.
        Release();
        throw status switch
        {
            AnswerStatus.NotFound => request.NotFound(endpoint, Encoding.UTF8.GetString(text)),
            AnswerStatus.OtherWorker => request.OtherWorker(endpoint, Encoding.UTF8.GetString(text)),
            _ => new IOException($"The block server at {endpoint} says: {Encoding.UTF8.GetString(text)}"),
        };
    }

    private async ValueTask RecoverAsync(ConnectionFailedException failure, bool blocking, CancellationToken cancellationToken)
    {
        var (isHanging, wasKept) = (failure.IsTimeout && _connection is not null, _isFromPool);
        Drop();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (wasKept && _failures == 0 && !failure.IsTimeout)
        {
            // The server closed it while nobody used it. That is no failed attempt.
            return;
        }

        _failures++;
        if (isHanging || _failures >= options.MaxAttempts)
        {
            var text = $"The block server at {endpoint} gave no answer, tries: {_failures}, limit: {options.MaxAttempts}. {failure.Message}";
            throw failure.IsBusy
                ? new IOException(text, failure)
                : new NoAnswerException($"{text} Its worker has stopped, hangs or cannot be reached.", failure);
        }

        // A worker that restarts needs a moment, and many readers must not ask it all at once.
        var delay = Task.Delay(options.RetryDelay * Math.Pow(2, Math.Min(_failures - 1, 16)), time, cancellationToken);
        if (blocking)
        {
            delay.GetAwaiter().GetResult();
        }
        else
        {
            await delay.ConfigureAwait(false);
        }
    }

    private void ReleaseIfDone()
    {
        if (_body == request.BodyCount - 1 && Remaining == 0)
        {
            Release();
        }
    }

    private void Release()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            pool.Return(endpoint, connection);
        }
    }

    private void Drop()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            pool.Discard(connection);
        }
    }
}
