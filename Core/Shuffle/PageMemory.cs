using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>
/// Memory that the garbage collector neither moves nor clears twice, on large pages where the system has them: a table that is read at random waits half as long
/// for them. Comes from <see cref="PagePool"/>. Not thread-safe; its finalizer returns what nobody disposed.
/// </summary>
internal sealed unsafe class PageMemory : IDisposable
{
    private readonly nuint _blockLength;
    private readonly bool _isRun;
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
    {
        Length = bytes;
        _blockLength = PagePool.LengthFor(checked((nuint)bytes));
        _start = PagePool.Shared.Rent(_blockLength);
        NativeMemory.Clear(_start, (nuint)zeroBytes);
    }

    // Part of a large page.
    private PageMemory(nuint bytes)
    {
        Length = (long)bytes;
        _isRun = true;
        _blockLength = PageRuns.LengthFor(bytes);
        _start = PageRuns.Shared.Rent(_blockLength);
    }

    ~PageMemory() => Free();

    /// <summary>Bytes asked for. The block of the pool may be longer: see <see cref="TakenFor"/>.</summary>
    public long Length { get; }

    /// <summary>Bytes that are taken, for accounting.</summary>
    public long Taken => (long)_blockLength;

    /// <summary>Bytes that are taken for so many bytes, for accounting.</summary>
    public static long TakenFor(long bytes) => (long)PagePool.LengthFor((nuint)bytes);

    /// <summary>The most bytes for which no more than so many are taken.</summary>
    public static long MostWithin(long bytes) => (long)PagePool.LengthWithin((nuint)Math.Max(bytes, 0));

    /// <summary>The first byte.</summary>
    public ref byte Start => ref *(byte*)_start;

    /// <summary>Takes part of a large page, with undefined content; others have the rest.</summary>
    /// <param name="bytes">At least 1, at most a large page (<see cref="PageRuns.MaxBytes"/>).</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public static PageMemory Part(int bytes) => new((nuint)bytes);

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
            if (_isRun)
            {
                PageRuns.Shared.Return(_start, _blockLength);
            }
            else
            {
                PagePool.Shared.Return(_start, _blockLength);
            }

            _start = null;
        }
    }
}
