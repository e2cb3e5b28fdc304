namespace Dpark.Text;

/// <summary>
/// Bytes that slices refer to. A reader that wants to use its buffer again retires the block first, and makes a new block for the same buffer: so a slice of the
/// old one fails from then on, and never shows the new bytes.
/// </summary>
internal sealed class ByteBlock(byte[] bytes)
{
    private byte[]? _bytes = bytes;

    /// <summary>The bytes; <see langword="null"/> once they are used for something else.</summary>
    public byte[]? Bytes => _bytes;

    /// <summary>Ends the life of all slices of the block. May be called twice.</summary>
    public void Retire() => Volatile.Write(ref _bytes, null);
}
