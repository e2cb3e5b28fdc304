using System.Buffers;
using Dpark.Storage.Transfer;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Storage;

/// <summary>
/// Writes the answer to one request. Small pieces leave together; its memory is one buffer, however slowly the peer takes them. Used by one request.
/// </summary>
internal sealed class AnswerWriter(BlockConnection connection) : IDisposable
{
    // Sending from the file by the system takes no less time: the copy comes from a cache, and the other side finds it in one.
    private const int BufferBytes = 256 << 10;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _used;

    /// <summary>Writes the header of a body.</summary>
    public async ValueTask WriteHeaderAsync(long length)
    {
        await MakeRoomAsync(BlockProtocol.AnswerHeaderLength).ConfigureAwait(false);
        BlockProtocol.WriteAnswerHeader(_buffer.AsSpan(_used), AnswerStatus.Ok, length);
        _used += BlockProtocol.AnswerHeaderLength;
    }

    /// <summary>Writes an error, which ends the answer.</summary>
    public async ValueTask WriteErrorAsync(AnswerStatus status, string text)
    {
        var error = BlockProtocol.EncodeError(status, text);
        await MakeRoomAsync(error.Length).ConfigureAwait(false);
        error.CopyTo(_buffer, _used);
        _used += error.Length;
    }

    /// <summary>Writes a part of a file.</summary>
    /// <exception cref="EndOfStreamException">The file has become shorter. The answer cannot be completed.</exception>
    public async ValueTask WriteFileAsync(SafeFileHandle file, long offset, long length)
    {
        while (length > 0)
        {
            await MakeRoomAsync(1).ConfigureAwait(false);
            var read = RandomAccess.Read(file, Room(length), offset);
            Advance(read, length);
            offset += read;
            length -= read;
        }
    }

    /// <summary>Writes bytes.</summary>
    public async ValueTask WriteMemoryAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            await MakeRoomAsync(1).ConfigureAwait(false);
            var room = Room(bytes.Length);
            bytes.Span[..room.Length].CopyTo(room);
            Advance(room.Length, bytes.Length);
            bytes = bytes[room.Length..];
        }
    }

    /// <summary>Writes the rest of a stream.</summary>
    /// <exception cref="EndOfStreamException">It has become shorter. The answer cannot be completed.</exception>
    public async ValueTask WriteStreamAsync(Stream stream, long length)
    {
        while (length > 0)
        {
            await MakeRoomAsync(1).ConfigureAwait(false);
            var read = stream.Read(Room(length));
            Advance(read, length);
            length -= read;
        }
    }

    /// <summary>Sends what is still held.</summary>
    public async ValueTask FlushAsync()
    {
        var used = _used;
        _used = 0;
        await connection.SendAsync(_buffer.AsMemory(0, used), blocking: false, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Returns the buffer.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private ValueTask MakeRoomAsync(int count) => BufferBytes - _used < count ? FlushAsync() : ValueTask.CompletedTask;

    private Span<byte> Room(long most) => _buffer.AsSpan(_used, (int)Math.Min(BufferBytes - _used, most));

    private void Advance(int read, long missing)
    {
        if (read == 0)
        {
            throw new EndOfStreamException($"A file that is being sent ends {missing} bytes too early. Somebody cut it short.");
        }

        _used += read;
    }
}
