using System.Numerics;

namespace Dpark.Shuffle;

/// <summary>
/// Pieces of large pages, for what is shorter than one but too much for the heap of the collector: map outputs. A page that is touched for the first time costs 1 to 20 µs,
/// more where the system is a guest, and a large one hardly more than a small one. Each large page has 64 pieces; those in use lie as far in front as may be, and a page of
/// which none is in use goes back to its <see cref="PagePool"/>. Thread-safe.
/// </summary>
/// <param name="pool">Where the large pages come from.</param>
internal sealed unsafe class PageRuns(PagePool pool)
{
    /// <summary>Bytes of the longest run, a whole large page.</summary>
    public const nuint MaxBytes = SystemPages.LargePageBytes;

    private const nuint PieceBytes = MaxBytes / PiecesPerPage;
    private const int PiecesPerPage = 64;

    private readonly Lock _gate = new();

    // In the order in which they were taken, so that old ones fill up and young ones become empty.
    private readonly List<(nint Start, ulong Free)> _pages = [];

    /// <summary>That of the process.</summary>
    public static PageRuns Shared { get; } = new(PagePool.Shared);

    /// <summary>The length of a run for so many bytes.</summary>
    /// <param name="bytes">At most <see cref="MaxBytes"/>.</param>
    public static nuint LengthFor(nuint bytes) => (bytes + PieceBytes - 1) / PieceBytes * PieceBytes;

    /// <summary>Takes a run with undefined content.</summary>
    /// <param name="length">From <see cref="LengthFor"/>, at least one piece.</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public void* Rent(nuint length)
    {
        var count = (int)(length / PieceBytes);
        lock (_gate)
        {
            for (var i = 0; i < _pages.Count; i++)
            {
                var (start, free) = _pages[i];
                if (FirstOf(free, count) is < PiecesPerPage and var first)
                {
                    _pages[i] = (start, free & ~Mask(first, count));
                    return (byte*)start + ((nuint)first * PieceBytes);
                }
            }
        }

        // Not under the lock, because the system may take its time. Two threads that come at once take a page each; the other runs of both are used next.
        var page = pool.Rent(MaxBytes);
        lock (_gate)
        {
            _pages.Add(((nint)page, ~Mask(0, count)));
        }

        return page;
    }

    /// <summary>Returns a run. Nothing may refer to it any more.</summary>
    /// <param name="length">As it was rented.</param>
    public void Return(void* run, nuint length)
    {
        var page = (nint)((nuint)run & ~(MaxBytes - 1));
        lock (_gate)
        {
            var index = _pages.FindIndex(found => found.Start == page);
            var free = _pages[index].Free | Mask((int)(((nuint)run - (nuint)page) / PieceBytes), (int)(length / PieceBytes));
            if (free != ulong.MaxValue)
            {
                _pages[index] = (page, free);
                return;
            }

            _pages.RemoveAt(index);
        }

        pool.Return((void*)page, MaxBytes);
    }

    // The first of so many pieces in a row; 64 if there are none. A bit stays set while as many pieces from it on are free as were looked at.
    private static int FirstOf(ulong free, int count)
    {
        for (var seen = 1; seen < count && free != 0;)
        {
            var step = Math.Min(seen, count - seen);
            free &= free >> step;
            seen += step;
        }

        return BitOperations.TrailingZeroCount(free);
    }

    private static ulong Mask(int first, int count) => ulong.MaxValue >> (PiecesPerPage - count) << first;
}
