using Dpark.Storage.Transfer;

namespace Dpark.Storage;

/// <summary>The bytes of a block that a client sends, as a stream whose reads block. Used by one thread.</summary>
internal sealed class RequestPayload(BlockConnection connection, long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    /// <summary>Bytes that did not arrive yet.</summary>
    public long Remaining => length - _position;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var room = buffer.AsMemory(offset, (int)Math.Min(count, Remaining));
        if (room.IsEmpty)
        {
            return 0;
        }

        var read = Completed.Get(connection.ReceiveAsync(room, blocking: true, CancellationToken.None));
        _position += read;
        return read > 0 ? read : throw connection.Closed(Remaining);
    }

    /// <summary>Receives what is left and forgets it.</summary>
    public async ValueTask DrainAsync(Memory<byte> buffer)
    {
        while (Remaining > 0)
        {
            var piece = buffer[..(int)Math.Min(buffer.Length, Remaining)];
            await connection.ReceiveExactlyAsync(piece, blocking: false, CancellationToken.None).ConfigureAwait(false);
            _position += piece.Length;
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
