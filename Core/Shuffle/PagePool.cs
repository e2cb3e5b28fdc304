using System.Numerics;

namespace Dpark.Shuffle;

/// <summary>
/// Keeps blocks of memory for the next one who asks for as much: fresh pages cost the system more than a table of a few megabytes costs its task. Blocks have
/// sixteen lengths between a power of two and the next; those that wait longest go when there are too many, when nobody wanted them for a while, or when tasks need the
/// memory for something else. Thread-safe.
/// </summary>
/// <remarks>Blocks that are in use count for the task that has them, with their whole length (<see cref="LengthFor"/>); those that wait are counted by <see cref="WaitingBytes"/>.</remarks>
/// <param name="maxBytes">Bytes that wait at most.</param>
internal sealed unsafe class PagePool(long maxBytes, TimeProvider timeProvider)
{
    /// <summary>How long a block waits at most, as long as others are returned or somebody looks (<see cref="DropUnwanted"/>).</summary>
    public static readonly TimeSpan MaxIdle = TimeSpan.FromMinutes(1);

    private const nuint LeastLargeBytes = SystemPages.LargePageBytes / 4;
    private const nuint PageBytes = 4 << 10;
    private const int StepsPerDouble = 16;

    private readonly Lock _gate = new();

    // In the order in which they were returned. Few, because small blocks are not kept.
    private readonly List<(nint Start, nuint Length, long ReturnedAt)> _blocks = [];

    private long _bytes;
    private long _rentedBytes;

    /// <summary>That of the process, 256 MiB: as much as two tasks return that group some millions of values. What waits is not lost to others: workers count it as free and take it back.</summary>
    public static PagePool Shared { get; } = new(256 << 20, TimeProvider.System);

    /// <summary>Bytes that wait. Takes no lock.</summary>
    public long WaitingBytes => Volatile.Read(ref _bytes);

    /// <summary>Bytes of the blocks that are in use. Takes no lock.</summary>
    public long RentedBytes => Volatile.Read(ref _rentedBytes);

    /// <summary>The length of a block for so many bytes.</summary>
    public static nuint LengthFor(nuint bytes)
    {
        if (bytes < SystemPages.LeastBytes)
        {
            return bytes;
        }

        // From here on a large page is worth more than the memory that it wastes.
        if (bytes is >= LeastLargeBytes and <= SystemPages.LargePageBytes)
        {
            return SystemPages.LargePageBytes;
        }

        var step = StepFor(bytes);
        return (bytes + step - 1) / step * step;
    }

    /// <summary>The length of the largest block that takes no more than so many bytes.</summary>
    public static nuint LengthWithin(nuint bytes)
    {
        if (bytes is >= LeastLargeBytes and < SystemPages.LargePageBytes)
        {
            bytes = LeastLargeBytes - 1;
        }

        return bytes < SystemPages.LeastBytes ? bytes : bytes / StepFor(bytes) * StepFor(bytes);
    }

    /// <summary>Takes a block with undefined content.</summary>
    /// <param name="length">From <see cref="LengthFor"/>.</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public void* Rent(nuint length)
    {
        lock (_gate)
        {
            // The one that was returned last, as it may still be in a cache.
            var index = _blocks.FindLastIndex(block => block.Length == length);
            if (index >= 0)
            {
                var block = _blocks[index].Start;
                _blocks.RemoveAt(index);
                _bytes -= (long)length;
                Interlocked.Add(ref _rentedBytes, (long)length);
                return (void*)block;
            }
        }

        var taken = SystemPages.Take(length);
        Interlocked.Add(ref _rentedBytes, (long)length);
        return taken;
    }

    /// <summary>Returns a block. Nothing may refer to it any more.</summary>
    /// <param name="length">As it was rented.</param>
    public void Return(void* block, nuint length)
    {
        Interlocked.Add(ref _rentedBytes, -(long)length);
        if (length < SystemPages.LeastBytes || (long)length > maxBytes)
        {
            SystemPages.Free(block, length);
            return;
        }

        lock (_gate)
        {
            var now = timeProvider.GetTimestamp();
            _blocks.Add(((nint)block, length, now));
            _bytes += (long)length;
            DropWhile(first => _bytes > maxBytes || IsUnwanted(first, now));
        }
    }

    /// <summary>Frees blocks that nobody has wanted for <see cref="MaxIdle"/>. Called from time to time: when nothing runs, nothing is returned either.</summary>
    public void DropUnwanted()
    {
        lock (_gate)
        {
            var now = timeProvider.GetTimestamp();
            DropWhile(first => IsUnwanted(first, now));
        }
    }

    /// <summary>Frees blocks, those first that wait longest, until so many bytes are free, or none waits.</summary>
    /// <returns>Bytes that were freed.</returns>
    public long Drop(long bytes)
    {
        lock (_gate)
        {
            var before = _bytes;
            DropWhile(_ => before - _bytes < bytes);
            return before - _bytes;
        }
    }

    private static nuint StepFor(nuint bytes) => nuint.Max(((nuint)1 << BitOperations.Log2(bytes)) / StepsPerDouble, PageBytes);

    private bool IsUnwanted(long returnedAt, long now) => timeProvider.GetElapsedTime(returnedAt, now) > MaxIdle;

    private void DropWhile(Func<long, bool> isMeant)
    {
        var dropped = 0;
        for (; dropped < _blocks.Count && isMeant(_blocks[dropped].ReturnedAt); dropped++)
        {
            SystemPages.Free((void*)_blocks[dropped].Start, _blocks[dropped].Length);
            _bytes -= (long)_blocks[dropped].Length;
        }

        _blocks.RemoveRange(0, dropped);
    }
}
