using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>
/// Memory that the garbage collector neither moves nor clears twice, on large pages where the system has them: a table that is read at random waits half as long
/// for them. Not thread-safe; its finalizer returns what nobody disposed.
/// </summary>
internal sealed unsafe partial class PageMemory : IDisposable
{
    private const nuint LargePageBytes = 2 << 20;
    private const nuint LineBytes = 64;
    private const int AdviseLargePages = 14;

    private void* _start;

    /// <summary>Takes memory, all of it 0.</summary>
    /// <param name="bytes">At least 1.</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public PageMemory(long bytes)
    {
        Length = bytes;
        var length = checked((nuint)bytes);
        var isLarge = length >= LargePageBytes;
        _start = NativeMemory.AlignedAlloc(length, isLarge ? LargePageBytes : LineBytes);
        if (isLarge && OperatingSystem.IsLinux())
        {
            _ = Advise(_start, length, AdviseLargePages);
        }

        NativeMemory.Clear(_start, length);
    }

    ~PageMemory() => Free();

    /// <summary>Bytes taken.</summary>
    public long Length { get; }

    /// <summary>The first byte.</summary>
    public ref byte Start => ref *(byte*)_start;

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
        NativeMemory.AlignedFree(_start);
        _start = null;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* address, nuint length, int advice);
}
