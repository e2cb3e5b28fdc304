using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>
/// Memory that the garbage collector neither moves nor clears twice, on large pages where the system has them: a table that is read at random waits half as long
/// for them. Comes from <see cref="PagePool"/>. Not thread-safe; its finalizer returns what nobody disposed.
/// </summary>
internal sealed unsafe class PageMemory : IDisposable
{
    private readonly nuint _blockLength;
    private void* _start;

    /// <summary>Takes memory, all of it 0.</summary>
    /// <param name="bytes">At least 1.</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public PageMemory(long bytes)
        : this(bytes, bytes)
    {
    }

    /// <summary>Takes memory that begins with zeros.</summary>
    /// <param name="bytes">At least 1.</param>
    /// <param name="zeroBytes">What is 0; the rest has undefined content.</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public PageMemory(long bytes, long zeroBytes)
        : this(bytes, PagePool.LengthFor(checked((nuint)bytes)))
    {
        NativeMemory.Clear(_start, (nuint)zeroBytes);
    }

    private PageMemory(long bytes, nuint blockLength)
    {
        Length = bytes;
        _blockLength = blockLength;
        _start = PagePool.Shared.Rent(blockLength);
    }

    ~PageMemory() => Free();

    /// <summary>Bytes asked for. The block of the pool may be longer: see <see cref="TakenFor"/>.</summary>
    public long Length { get; }

    /// <summary>Bytes that are taken, for accounting.</summary>
    public long Taken => (long)_blockLength;

    /// <summary>Bytes that are taken for so many bytes, for accounting.</summary>
    public static long TakenFor(long bytes) => (long)PagePool.LengthFor((nuint)bytes);

    /// <summary>The first byte.</summary>
    public ref byte Start => ref *(byte*)_start;

    /// <summary>Takes memory with undefined content that is written and read in order. It wastes no part of a large page, which is worth nothing there.</summary>
    /// <param name="bytes">At least 1.</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public static PageMemory InOrder(long bytes) => new(bytes, PagePool.LengthInOrderFor(checked((nuint)bytes)));

    /// <summary>Makes all of it 0.</summary>
    public void Clear() => NativeMemory.Clear(_start, (nuint)Length);

    /// <summary>Returns the memory. Nothing may refer to it any more.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_start is not null)
        {
            PagePool.Shared.Return(_start, _blockLength);
            _start = null;
        }
    }
}
