using System.Buffers;

namespace Dpark.Text;

/// <summary>Bytes that live until they are all released together, in rented chunks. Released slices fail from then on. Used by one thread.</summary>
internal sealed class ByteArena : IDisposable
{
    private const int SmallestChunk = 4 << 10;
    private const int LargestChunk = 1 << 20;

    // What is kept when all bytes are released. The rest makes room, so that an arena that was full is not full at once again.
    private const int KeptNumerator = 7;
    private const int KeptDenominator = 8;

    private readonly List<(byte[] Bytes, ByteBlock Block)> _chunks = [];
    private readonly Stack<byte[]> _free = new();
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

    /// <summary>Releases all bytes, and the memory.</summary>
    public void Clear()
    {
        Retire();
        ReturnFree(0);
    }

    /// <summary>Releases all bytes and keeps most of the memory: for whoever fills it again, a pool would have too little room for what was returned.</summary>
    public void Recycle()
    {
        Retire();
        if (Capacity > LargestChunk)
        {
            ReturnFree(Capacity / KeptDenominator * KeptNumerator);
        }
    }

    /// <summary>Releases all bytes, and the memory.</summary>
    public void Dispose() => Clear();

    private void Retire()
    {
        // The first ones last, because they are the smallest and are filled first.
        for (var i = _chunks.Count - 1; i >= 0; i--)
        {
            _chunks[i].Block.Retire();
            _free.Push(_chunks[i].Bytes);
        }

        _chunks.Clear();
        _used = 0;
    }

    private void ReturnFree(long kept)
    {
        while (Capacity > kept && _free.TryPop(out var bytes))
        {
            Capacity -= bytes.Length;
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    // As large again as what is held, so that little data takes little memory.
    private void AddChunk(int least)
    {
        _used = 0;
        if (_free.TryPeek(out var free) && free.Length >= least)
        {
            _chunks.Add((_free.Pop(), new ByteBlock(free)));
            return;
        }

        var length = Math.Max(least, (int)Math.Clamp(Capacity, SmallestChunk, LargestChunk));
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        _chunks.Add((bytes, new ByteBlock(bytes)));
        Capacity += bytes.Length;
    }
}
