namespace Dpark.Environments;

/// <summary>Compares the memory of this process with what it may use. Thread-safe; reading costs one question to the system.</summary>
public sealed class MemoryChecker
{
    private const long UnlimitedBytes = 100L << 30;

    private long _limitBytes = UnlimitedBytes;
    private long _addedBytes;
    private volatile bool _isChecking;

    /// <summary>Part of the limit at which a careful user of memory begins to spill. From 0 to 1. 0.8.</summary>
    public static double SoftRatio => 0.8;

    /// <summary>How far the process may exceed the limit before it counts as out of memory, because the system counts generously. 1.5.</summary>
    public static double HardRatio => 1.5;

    /// <summary>What the process may use. 100 GiB until <see cref="Start"/>, which stands for no limit.</summary>
    public long LimitBytes => Interlocked.Read(ref _limitBytes);

    /// <summary>Where spilling should begin.</summary>
    public long SoftLimitBytes => (long)(LimitBytes * SoftRatio);

    /// <summary>Whether <see cref="IsExceeded"/> looks at all.</summary>
    public bool IsChecking => _isChecking;

    /// <summary>Memory of the process as the system sees it, with what <see cref="Add"/> charged.</summary>
    public long UsedBytes => Environment.WorkingSet + Interlocked.Read(ref _addedBytes);

    /// <summary>Whether the process uses more than <see cref="HardRatio"/> times the limit. Never before <see cref="Start"/>.</summary>
    public bool IsExceeded => _isChecking && UsedBytes > LimitBytes * HardRatio;

    /// <summary>Sets the limit and begins to check.</summary>
    /// <param name="limitBytes">More than 0.</param>
    public void Start(long limitBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limitBytes);
        Interlocked.Exchange(ref _limitBytes, limitBytes);
        _isChecking = true;
    }

    /// <summary>Charges memory that the system does not see yet. Negative gives it back.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _addedBytes, bytes);

    /// <summary>Ends checking and forgets the limit and what was charged.</summary>
    public void Stop()
    {
        _isChecking = false;
        Interlocked.Exchange(ref _limitBytes, UnlimitedBytes);
        Interlocked.Exchange(ref _addedBytes, 0);
    }
}
