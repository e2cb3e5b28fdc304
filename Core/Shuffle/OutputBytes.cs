using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>
/// A map output in memory: an array if it is short, else pages that go back to <see cref="PagePool"/> when the last holder has released it. Its maker holds it once;
/// a reader holds it for as long as it reads, because the output may be deleted or moved to disk meanwhile. Thread-safe.
/// </summary>
internal sealed unsafe class OutputBytes : MemoryManager<byte>
{
    private readonly byte[] _array = [];
    private readonly PageMemory? _pages;
    private readonly int _length;
    private int _holderCount = 1;

    /// <summary>A short output.</summary>
    public OutputBytes(byte[] bytes)
    {
        _array = bytes;
        _length = bytes.Length;
        Bytes = bytes;
    }

    /// <summary>An output at the start of some pages.</summary>
    /// <param name="pages">Owned from now on.</param>
    public OutputBytes(PageMemory pages, int length)
    {
        _pages = pages;
        _length = length;
        Bytes = Memory;
    }

    /// <summary>All bytes of the output. Valid while it is held.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Bytes of memory that it takes, for accounting.</summary>
    public int TakenBytes => _pages is null ? _length : (int)_pages.Taken;

    /// <summary>Holds the bytes until <see cref="Release"/>.</summary>
    /// <returns><see langword="false"/> if nobody held them any more: they are gone.</returns>
    public bool TryHold()
    {
        for (var count = Volatile.Read(ref _holderCount); count > 0; count = Volatile.Read(ref _holderCount))
        {
            if (Interlocked.CompareExchange(ref _holderCount, count + 1, count) == count)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Ends one holding. Once for the maker and once for each <see cref="TryHold"/> that succeeded.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holderCount) == 0)
        {
            _pages?.Dispose();
        }
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => _pages is null ? _array : SpanOf(_pages);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        if (_pages is null)
        {
            return _array.AsMemory(elementIndex).Pin();
        }

        return new MemoryHandle(Unsafe.AsPointer(ref SpanOf(_pages)[elementIndex]));
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    private Span<byte> SpanOf(PageMemory pages) => MemoryMarshal.CreateSpan(ref pages.Start, _length);
}
