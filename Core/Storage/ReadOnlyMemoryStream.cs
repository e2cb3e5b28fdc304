namespace Dpark.Storage;

/// <summary>Reads memory as a stream, without copying it first. Used by one thread.</summary>
internal sealed class ReadOnlyMemoryStream(ReadOnlyMemory<byte> bytes) : SeekableReadOnlyStream(bytes.Length)
{
    public override int Read(Span<byte> buffer)
    {
        var position = (int)Position;
        var count = Math.Min(buffer.Length, bytes.Length - position);
        bytes.Span.Slice(position, count).CopyTo(buffer);
        Advance(count);
        return count;
    }
}
