using Dpark.Configuration;

namespace Dpark.Scheduling;

/// <summary>A pool of jobs while it has jobs, or attempts that take its share.</summary>
internal sealed class PoolState(PoolOptions options)
{
    /// <summary>The pool of jobs that name none.</summary>
    public const string DefaultName = "default";

    public string Name => options.Name;

    public SchedulingMode Mode => options.Mode;

    public int JobCount { get; set; }

    /// <summary>Attempts that hold a slot.</summary>
    public int RunningCount { get; set; }

    public bool IsUsed => JobCount > 0 || RunningCount > 0;

    /// <summary>
    /// Whose turn is first: a pool below its least share before one that has it, then the one that has less of it, or less for its weight; then by name.
    /// </summary>
    public int CompareTo(PoolState other)
    {
        var (isNeedy, isOtherNeedy) = (IsNeedy, other.IsNeedy);
        if (isNeedy != isOtherNeedy)
        {
            return isNeedy ? -1 : 1;
        }

        var order = isNeedy ? MinShareUse.CompareTo(other.MinShareUse) : WeightUse.CompareTo(other.WeightUse);
        return order != 0 ? order : string.CompareOrdinal(Name, other.Name);
    }

    private bool IsNeedy => RunningCount < options.MinShare;

    private double MinShareUse => (double)RunningCount / Math.Max(options.MinShare, 1);

    private double WeightUse => (double)RunningCount / options.Weight;
}
