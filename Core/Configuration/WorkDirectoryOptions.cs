namespace Dpark.Configuration;

/// <summary>Where a process keeps its files. Bound from <c>Dpark:WorkDirectory</c>.</summary>
public sealed class WorkDirectoryOptions
{
    /// <summary>
    /// Roots under which each run makes a directory, main one first, each an absolute path; one per disk is best. Default: none, which means the variable
    /// <c>DPARK_WORK_DIR</c> (separated by commas), and without it the system's temporary directory.
    /// </summary>
    public IList<string> Roots { get; } = [];

    /// <summary>
    /// Whether the start fails if any root is unusable. If not, it fails only if all are. Default: <see langword="false"/>; a local run always fails.
    /// </summary>
    public bool RequireAllRoots { get; set; }

    /// <summary>
    /// Bytes that a worker may write below each root: map outputs, spills, blocks, cached partitions. When one is used up, the next root is taken. At least 0; 0 means
    /// no limit. Default: 0.
    /// </summary>
    public long MaxBytesPerRoot { get; set; }

    /// <summary>Times that clean-up tries to delete a directory into which something still writes. From 1 to 1000. Default: 20.</summary>
    public int MaxCleanUpAttempts { get; set; } = 20;

    /// <summary>Whether a start, and once an hour a worker, deletes what ended processes of this machine left under the roots. Default: <see langword="true"/>.</summary>
    public bool DeleteLeftovers { get; set; } = true;

    /// <summary>
    /// How long the owner of a directory under the roots may be silent until it counts as ended, even if it is of another machine that shares the root. A worker says that it
    /// lives with each check of its applications. 0, or at least a day; 0 means for ever. Default: 7 days.
    /// </summary>
    public TimeSpan LeftoverAge { get; set; } = TimeSpan.FromDays(7);
}
