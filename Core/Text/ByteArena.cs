using System.Buffers;

namespace Dpark.Text;

/// <summary>Bytes that live until they are all released together, in rented chunks. Released slices fail from then on. Used by one thread.</summary>
internal sealed class ByteArena : IDisposable
{
    private const int SmallestChunk = 4 << 10;
    private const int LargestChunk = 1 << 20;

    private readonly List<(byte[] Bytes, ByteBlock Block)> _chunks = [];
    private int _used;

    /// <summary>Memory held.</summary>
    public long Capacity { get; private set; }

    /// <summary>Copies bytes.</summary>
    /// <param name="block">Where they are.</param>
    /// <returns>At which position.</returns>
    public int Add(ReadOnlySpan<byte> bytes, out ByteBlock block)
    {
        if (_chunks.Count == 0 || _chunks[^1].Bytes.Length - _used < bytes.Length)
        {
            AddChunk(bytes.Length);
        }

        var start = _used;
        bytes.CopyTo(_chunks[^1].Bytes.AsSpan(start));
        _used += bytes.Length;
        block = _chunks[^1].Block;
        return start;
    }

    /// <summary>Releases all bytes.</summary>
    public void Clear()
    {
        foreach (var (bytes, block) in _chunks)
        {
            block.Retire();
            ArrayPool<byte>.Shared.Return(bytes);
        }

        _chunks.Clear();
        _used = 0;
        Capacity = 0;
    }

    /// <summary>Releases all bytes.</summary>
    public void Dispose() => Clear();

    // As large again as what is held, so that little data takes little memory.
    private void AddChunk(int least)
    {
        var length = Math.Max(least, (int)Math.Clamp(Capacity, SmallestChunk, LargestChunk));
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        _chunks.Add((bytes, new ByteBlock(bytes)));
        Capacity += bytes.Length;
        _used = 0;
    }
}
