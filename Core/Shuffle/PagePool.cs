using System.Numerics;
using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>
/// Keeps blocks of memory for the next one who asks for as much: fresh pages cost the system more than a table of a few megabytes costs its task. Blocks have
/// sixteen lengths between a power of two and the next; those that wait longest go when there are too many, or when nobody wanted them for a while. Thread-safe.
/// </summary>
internal static unsafe partial class PagePool
{
    /// <summary>Bytes that wait in the pool at most.</summary>
    public const int MaxBytes = 128 << 20;

    private const long MaxIdleMilliseconds = 60_000;

    private const nuint LargePageBytes = 2 << 20;
    private const nuint LeastLargeBytes = LargePageBytes / 4;
    private const nuint LineBytes = 64;
    private const nuint PageBytes = 4 << 10;
    private const int StepsPerDouble = 16;
    private const nuint LeastPooledBytes = 64 << 10;
    private const int AdviseLargePages = 14;

    private static readonly Lock Gate = new();

    // In the order in which they were returned. Few, because small blocks are not kept.
    private static readonly List<(nint Start, nuint Length, long ReturnedAt)> Blocks = [];

    private static long _bytes;

    /// <summary>The length of a block for so many bytes.</summary>
    public static nuint LengthFor(nuint bytes)
    {
        if (bytes < LeastPooledBytes)
        {
            return bytes;
        }

        // From here on a large page is worth more than the memory that it wastes.
        if (bytes is >= LeastLargeBytes and <= LargePageBytes)
        {
            return LargePageBytes;
        }

        var step = nuint.Max(((nuint)1 << BitOperations.Log2(bytes)) / StepsPerDouble, PageBytes);
        return (bytes + step - 1) / step * step;
    }

    /// <summary>Takes a block with undefined content.</summary>
    /// <param name="length">From <see cref="LengthFor"/>.</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public static void* Rent(nuint length)
    {
        lock (Gate)
        {
            var index = Blocks.FindLastIndex(block => block.Length == length);
            if (index >= 0)
            {
                var block = Blocks[index].Start;
                Blocks.RemoveAt(index);
                _bytes -= (long)length;
                return (void*)block;
            }
        }

        var isLarge = length >= LargePageBytes;
        var start = NativeMemory.AlignedAlloc(length, isLarge ? LargePageBytes : LineBytes);
        if (isLarge && OperatingSystem.IsLinux())
        {
            _ = Advise(start, length, AdviseLargePages);
        }

        return start;
    }

    /// <summary>Returns a block. Nothing may refer to it any more.</summary>
    public static void Return(void* block, nuint length)
    {
        if (length is < LeastPooledBytes or > MaxBytes)
        {
            NativeMemory.AlignedFree(block);
            return;
        }

        lock (Gate)
        {
            var now = Environment.TickCount64;
            Blocks.Add(((nint)block, length, now));
            _bytes += (long)length;
            var dropped = 0;
            for (; _bytes > MaxBytes || now - Blocks[dropped].ReturnedAt > MaxIdleMilliseconds; dropped++)
            {
                NativeMemory.AlignedFree((void*)Blocks[dropped].Start);
                _bytes -= (long)Blocks[dropped].Length;
            }

            Blocks.RemoveRange(0, dropped);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* address, nuint length, int advice);
}
