using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Shuffle;

namespace Dpark.Text;

/// <summary>
/// Bytes that live until they are all released together, on pages outside the collector's heap: what is released is free at once, and counts to the byte. Released slices
/// fail from then on. Used by one thread.
/// </summary>
internal sealed class ByteArena : IDisposable
{
    private const int SmallestChunk = 4 << 10;

    // A large page.
    private const int LargestChunk = 2 << 20;

    // What is kept when all bytes are released. The rest makes room, so that an arena that was full is not full at once again.
    private const int KeptNumerator = 7;
    private const int KeptDenominator = 8;

    private readonly List<PageMemory> _chunks = [];
    private readonly List<ByteBlock> _blocks = [];
    private readonly Stack<PageMemory> _free = new();
    private int _used;
    private int _length;

    /// <summary>Memory held.</summary>
    public long Capacity { get; private set; }

    /// <summary>The blocks that hold bytes now, each at its number. Valid until the next change.</summary>
    public ReadOnlySpan<ByteBlock> Blocks => CollectionsMarshal.AsSpan(_blocks);

    /// <summary>Copies bytes.</summary>
    /// <param name="block">Where they are.</param>
    /// <returns>At which position.</returns>
    public int Add(ReadOnlySpan<byte> bytes, out ByteBlock block)
    {
        if (_length - _used < bytes.Length || _chunks.Count == 0)
        {
            AddChunk(bytes.Length);
        }

        var start = _used;
        bytes.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref _chunks[^1].Start, start), bytes.Length));
        _used += bytes.Length;
        block = _blocks[^1];
        return start;
    }

    /// <summary>Whether a block is one of the arena, so that its bytes live as long as the others.</summary>
    public bool Has(ByteBlock block) => (uint)block.Number < (uint)_blocks.Count && ReferenceEquals(_blocks[block.Number], block);

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
            _blocks[i].Retire();
            _free.Push(_chunks[i]);
        }

        _chunks.Clear();
        _blocks.Clear();
        _used = 0;
        _length = 0;
    }

    private void ReturnFree(long kept)
    {
        while (Capacity > kept && _free.TryPop(out var pages))
        {
            Capacity -= PageMemory.TakenFor(pages.Length);
            pages.Dispose();
        }
    }

    // As large again as what is held, so that little data takes little memory.
    private void AddChunk(int least)
    {
        PageMemory pages;
        if (_free.TryPeek(out var free) && free.Length >= least)
        {
            pages = _free.Pop();
        }
        else
        {
            pages = new PageMemory(PageMemory.TakenFor(Math.Max(least, (int)Math.Clamp(Capacity, SmallestChunk, LargestChunk))), zeroBytes: 0);
            Capacity += PageMemory.TakenFor(pages.Length);
        }

        _chunks.Add(pages);
        _blocks.Add(new ByteBlock(pages, _blocks.Count));
        _used = 0;
        _length = (int)Math.Min(pages.Length, Array.MaxLength);
    }
}
