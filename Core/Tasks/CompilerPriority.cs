using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Dpark.Tasks;

/// <summary>
/// Makes the thread of the runtime that optimizes hot code give way to attempts. Where every processor runs one, that thread has the processor of an attempt for whole time slices, and the
/// whole stage waits for the attempt. Linux only; elsewhere nothing happens. Thread-safe.
/// </summary>
/// <param name="nice">What the thread's nice value is to be above that of the process, from 0 to 19; 0 leaves it alone.</param>
/// <remarks>The runtime has no setting for it, ends the thread when there is nothing to optimize, and starts another one later.</remarks>
internal sealed partial class CompilerPriority(int nice, TimeProvider timeProvider) : IThreadPoolWorkItem
{
    private const string ThreadDirectory = "/proc/self/task";
    private const int MaxNice = 19;
    private const int OfThread = 0;
    private const int ThisThread = 0;

    // Often enough for the first second of a job, in which most is optimized. What a process compiles before is not delayed.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly bool _isUsed = nice > 0 && OperatingSystem.IsLinux();
    private long _lookedAt = timeProvider.GetTimestamp();
    private int _isLooking;
    private long _compiledCount;
    private int _thread;

    // The system keeps 15 bytes of a name.
    private static ReadOnlySpan<byte> Name => ".NET Tiered Com\n"u8;

    /// <summary>Looks for the thread if it is time to, elsewhere. To be called before each attempt; takes some 30 ns.</summary>
    public void Look()
    {
        if (_isUsed && timeProvider.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= Interval && Interlocked.Exchange(ref _isLooking, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            // Without new code there is no new thread.
            var count = JitInfo.GetCompiledMethodCount();
            if (count != _compiledCount && !IsCompiler(_thread))
            {
                _compiledCount = count;
                LowerPriority();
            }
        }
        finally
        {
            Volatile.Write(ref _lookedAt, timeProvider.GetTimestamp());
            Volatile.Write(ref _isLooking, 0);
        }
    }

    /// <summary>Finds the thread and lowers its priority. Takes about 10 us for each thread of the process.</summary>
    /// <returns>The thread; 0 if there is none, or the system does not show it.</returns>
    internal int LowerPriority()
    {
        _thread = Find();
        if (_thread != 0)
        {
            // What is lower already, as that of a process with two workers, stays.
            var least = Math.Min(GetPriority(OfThread, ThisThread) + nice, MaxNice);
            if (GetPriority(OfThread, _thread) < least)
            {
                // Refused by a few containers. Then the thread keeps its priority, and nothing else changes.
                _ = SetPriority(OfThread, _thread, least);
            }
        }

        return _thread;
    }

    private static int Find()
    {
        try
        {
            foreach (var path in Directory.EnumerateDirectories(ThreadDirectory))
            {
                if (int.TryParse(Path.GetFileName(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var thread) && IsCompiler(thread))
                {
                    return thread;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The system does not show threads.
        }

        return 0;
    }

    private static bool IsCompiler(int thread)
    {
        if (thread == 0)
        {
            return false;
        }

        try
        {
            using var file = File.OpenHandle(string.Create(CultureInfo.InvariantCulture, $"{ThreadDirectory}/{thread}/comm"));
            Span<byte> name = stackalloc byte[Name.Length];
            return RandomAccess.Read(file, name, 0) == name.Length && name.SequenceEqual(Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it has ended
        }
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetPriority(int kind, int thread);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int kind, int thread, int nice);
}
