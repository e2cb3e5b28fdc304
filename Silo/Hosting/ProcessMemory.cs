namespace Dpark.Hosting;

/// <summary>
/// Limits the managed heap of this process, so that user code that allocates without end gets an <see cref="OutOfMemoryException"/>, which is a failure of its task, before the
/// system kills the process.
/// </summary>
internal static class ProcessMemory
{
    private const string LimitKey = "GCHeapHardLimit";

    // Whoever sets the limit of the runtime knows better.
    private static readonly string[] RuntimeVariables = ["DOTNET_GCHeapHardLimit", "DOTNET_GCHeapHardLimitPercent"];

    /// <summary>Has the system end this process before others when it is short of memory. Where it cannot be asked for that, nothing changes.</summary>
    public static void PreferToEnd(bool isPreferred)
    {
        const string MostLikely = "1000";
        try
        {
            if (isPreferred && OperatingSystem.IsLinux())
            {
                File.WriteAllText("/proc/self/oom_score_adj", MostLikely);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A container may forbid it.
        }
    }

    /// <summary>Sets the limit, unless the environment has set one.</summary>
    /// <param name="bytes"><see langword="null"/>: no limit.</param>
    public static void Limit(long? bytes)
    {
        if (bytes is { } limit && !RuntimeVariables.Any(name => Environment.GetEnvironmentVariable(name) is not null))
        {
            AppContext.SetData(LimitKey, (ulong)limit);
            GC.RefreshMemoryLimit();
        }
    }
}
