using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Shuffle;

namespace Dpark.Text;

/// <summary>
/// Bytes that live until they are all released together, on pages outside the collector's heap: what is released is free at once, and counts to the byte. Released slices
/// fail from then on. Used by one thread.
/// </summary>
/// <remarks>
/// A byte has an address of 32 bits, for whoever keeps many places: the addresses of a chunk begin at a multiple of the largest ordinary one, so its upper bits tell the block. They ascend
/// in the order in which bytes are added.
/// </remarks>
internal sealed class ByteArena : IDisposable
{
    private const int SmallestChunk = 4 << 10;

    // A large page. What is longer than that is a chunk of its own.
    private const int LargestChunk = 1 << ChunkBits;
    private const int ChunkBits = 21;

    // What is kept when all bytes are released. The rest makes room, so that an arena that was full is not full at once again.
    private const int KeptNumerator = 7;
    private const int KeptDenominator = 8;

    private readonly List<PageMemory> _chunks = [];

    // A long chunk has several places, all of them with its block.
    private readonly List<ByteBlock> _blocks = [];
    private readonly Stack<PageMemory> _free = new();
    private int _used;
    private int _length;

    /// <summary>Memory held.</summary>
    public long Capacity { get; private set; }

    /// <summary>Addresses in use, from 0. Beyond 4 GiB bytes have none.</summary>
    public long AddressedBytes => (long)_blocks.Count << ChunkBits;

    /// <summary>The blocks that hold bytes now, for <see cref="SliceAt"/>. Valid until the next change.</summary>
    public ReadOnlySpan<ByteBlock> Blocks => CollectionsMarshal.AsSpan(_blocks);

    /// <summary>The address of a byte.</summary>
    /// <param name="block">Of the arena.</param>
    /// <exception cref="OverflowException">It has none.</exception>
    public static uint AddressOf(ByteBlock block, int start) => checked((uint)(((long)block.Number << ChunkBits) + start));

    /// <summary>The slice at an address.</summary>
    /// <param name="blocks">From <see cref="Blocks"/>.</param>
    public static ByteSlice SliceAt(ReadOnlySpan<ByteBlock> blocks, uint address, int length)
    {
        var block = blocks[(int)(address >> ChunkBits)];
        return new ByteSlice(block, (int)(address - ((uint)block.Number << ChunkBits)), length);
    }

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
            _free.Push(_chunks[i]);
        }

        _blocks.ForEach(static block => block.Retire());

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
        _used = 0;
        _length = (int)Math.Min(pages.Length, Array.MaxLength);
        var block = new ByteBlock(pages, _blocks.Count);
        for (var first = 0L; first < _length; first += LargestChunk)
        {
            _blocks.Add(block);
        }
    }
}
