using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>
/// Memory straight from the system. On Linux, blocks of <see cref="LeastBytes"/> and more are mappings of their own: the allocator of the process keeps what is freed between other
/// blocks, up to hundreds of megabytes that no budget knows of, and a mapping is gone at once. Thread-safe.
/// </summary>
internal static unsafe partial class SystemPages
{
    /// <summary>A large page.</summary>
    public const nuint LargePageBytes = 2 << 20;

    /// <summary>Bytes of the smallest block that is pages and nothing else.</summary>
    public const nuint LeastBytes = 64 << 10;

    private const nuint LineBytes = 64;
    private const int ReadAndWrite = 1 | 2;
    private const int PrivateAndAnonymous = 2 | 0x20;
    private const int AdviseLargePages = 14;

    /// <summary>Takes a block with undefined content, at the start of a large page if it is as long as one.</summary>
    /// <param name="length">From <see cref="LeastBytes"/> on whole pages.</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public static void* Take(nuint length)
    {
        var isLarge = length >= LargePageBytes;
        if (length < LeastBytes || !OperatingSystem.IsLinux())
        {
            return NativeMemory.AlignedAlloc(length, isLarge ? LargePageBytes : LineBytes);
        }

        var block = isLarge ? MapAligned(length) : Map(length);
        if (isLarge)
        {
            _ = Advise(block, length, AdviseLargePages);
        }

        return block;
    }

    /// <summary>Gives a block back. Nothing may refer to it any more.</summary>
    /// <param name="length">As it was taken.</param>
    public static void Free(void* block, nuint length)
    {
        if (length < LeastBytes || !OperatingSystem.IsLinux())
        {
            NativeMemory.AlignedFree(block);
        }
        else
        {
            _ = Unmap(block, length);
        }
    }

    private static byte* Map(nuint length)
    {
        var block = MapPages(null, length, ReadAndWrite, PrivateAndAnonymous, -1, 0);
        return (nint)block == -1
            ? throw new InsufficientMemoryException($"The system gives no {length} bytes of memory for a table or buffer. Its limit, or that of the process, is reached.")
            : (byte*)block;
    }

    // What is in front of the first boundary and behind the block goes back; most systems give large blocks aligned.
    private static byte* MapAligned(nuint length)
    {
        var start = Map(length + LargePageBytes);
        var block = (byte*)(((nuint)start + LargePageBytes - 1) & ~(LargePageBytes - 1));
        var before = (nuint)(block - start);
        if (before > 0)
        {
            _ = Unmap(start, before);
        }

        if (before < LargePageBytes)
        {
            _ = Unmap(block + length, LargePageBytes - before);
        }

        return block;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void* MapPages(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* address, nuint length, int advice);
}
