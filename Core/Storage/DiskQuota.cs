using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Dpark.Storage;

/// <summary>How many bytes one worker has written below each of its work directories, and how many it may. Shared by all its stores. Thread-safe.</summary>
/// <param name="maxBytes">Below each directory; 0 means no limit.</param>
public sealed class DiskQuota(long maxBytes)
{
    private readonly ConcurrentDictionary<string, long> _used = new(StringComparer.Ordinal);

    /// <summary>Bytes written below a work directory and not deleted.</summary>
    public long UsedBytes(string directory) => _used.GetValueOrDefault(directory);

    /// <summary>Whether nothing more may be written below a work directory.</summary>
    public bool IsFull(string directory) => maxBytes > 0 && UsedBytes(directory) >= maxBytes;

    /// <summary>Counts bytes that are written.</summary>
    /// <exception cref="IOException">They are too many. None is counted then.</exception>
    public void Charge(string directory, long bytes)
    {
        if (_used.AddOrUpdate(directory, bytes, (_, used) => used + bytes) > maxBytes && maxBytes > 0)
        {
            Release(directory, bytes);
            ThrowFull(directory);
        }
    }

    /// <summary>Counts bytes that were deleted.</summary>
    public void Release(string directory, long bytes) => _used.AddOrUpdate(directory, 0, (_, used) => Math.Max(0, used - bytes));

    /// <summary>Refuses a directory that is full.</summary>
    [DoesNotReturn]
    public void ThrowFull(string directory) => throw new IOException(
        $"{UsedBytes(directory)} of {maxBytes} bytes are in use, which is the quota (Dpark:WorkDirectory:MaxBytesPerRoot)");
}
