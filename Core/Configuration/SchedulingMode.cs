namespace Dpark.Configuration;

/// <summary>In which order jobs, or pools of jobs, get free slots.</summary>
public enum SchedulingMode
{
    /// <summary>The oldest job first; a younger one gets what that leaves.</summary>
    Fifo = 0,

    /// <summary>Each its share, by least shares and weights.</summary>
    Fair = 1,
}
