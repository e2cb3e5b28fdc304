using System.Buffers.Binary;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>Cuts a stream of bytes into frames: a length (4 bytes, little endian), then so many bytes. Not thread-safe.</summary>
/// <remarks>
/// Frames are slices of the blocks that were read, so nothing is copied but the begin of a frame that does not fit into the rest of its block. No part of a block is used twice,
/// so a frame stays what it is for as long as somebody has it. A length allocates nothing by itself: beyond <see cref="TrustedBytes"/>, a block is at most
/// twice as large as what has arrived.
/// </remarks>
internal sealed class FrameReader(Stream stream, int firstBlockBytes)
{
    /// <summary>Before each frame.</summary>
    public const int PrefixBytes = sizeof(int);

    private const int BlockBytes = 32 * 1024;
    private const int TrustedBytes = 2 * 1024 * 1024;
    private const int LeastRoomBytes = 2 * 1024;

    private byte[] _block = new byte[firstBlockBytes];
    private int _start;
    private int _end;
    private int _wanted = PrefixBytes;

    /// <summary>The longest frame that is taken, without its prefix.</summary>
    public int MaxFrameBytes { get; set; } = firstBlockBytes - PrefixBytes;

    /// <summary>The next frame of what has arrived.</summary>
    /// <exception cref="InvalidMessageFrameException">The frame is longer than <see cref="MaxFrameBytes"/>.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> frame)
    {
        frame = default;
        var available = _end - _start;
        _wanted = PrefixBytes;
        if (available < PrefixBytes)
        {
            return false;
        }

        var bytes = BinaryPrimitives.ReadUInt32LittleEndian(_block.AsSpan(_start));
        if (bytes > MaxFrameBytes)
        {
            throw new InvalidMessageFrameException($"A frame says that it has {bytes} bytes, and the limit is {MaxFrameBytes}. "
                + (IsTlsHello(_block.AsSpan(_start)) ? "The peer uses TLS, and this process does not: set UseTls everywhere or nowhere."
                    : "The peer speaks another protocol, or has larger limits of messages: set the same everywhere."));
        }

        _wanted += (int)bytes;
        if (available < _wanted)
        {
            return false;
        }

        frame = _block.AsMemory(_start + PrefixBytes, (int)bytes);
        _start += _wanted;
        return true;
    }

    /// <summary>Reads more. Call it when <see cref="TryRead"/> has found nothing.</summary>
    /// <returns>False: the stream has ended.</returns>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        MakeRoom();
        var read = await stream.ReadAsync(_block.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        return read > 0;
    }

    private static bool IsTlsHello(ReadOnlySpan<byte> begin) => begin is [0x16, 3, ..];

    private void MakeRoom()
    {
        var arrived = _end - _start;
        var room = _block.Length - _end;
        var isEnough = _start + _wanted <= _block.Length
            ? room >= LeastRoomBytes || _start == 0
            : room > 0 && _start == 0 && _block.Length >= TrustedBytes;
        if (isEnough)
        {
            return;
        }

        var block = GC.AllocateUninitializedArray<byte>(_wanted <= BlockBytes ? BlockBytes : Math.Min(_wanted, Math.Max(TrustedBytes, 2 * arrived)));
        _block.AsSpan(_start, arrived).CopyTo(block);
        (_block, _start, _end) = (block, 0, arrived);
    }
}
