namespace Dpark.Configuration;

/// <summary>A pool of jobs that share slots. One of <see cref="SchedulerOptions.Pools"/>.</summary>
public sealed class PoolOptions
{
    /// <summary>What jobs name it by. At most 200 characters; unique.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its share, compared with the weights of the other pools. From 1 to 1,000,000. Default: 1.</summary>
    public int Weight { get; set; } = 1;

    /// <summary>Slots that it gets before others get more than theirs, if it has tasks for them. From 0 to 1,000,000. Default: 0.</summary>
    public int MinShare { get; set; }

    /// <summary>How its own jobs share what it has. Default: <see cref="SchedulingMode.Fifo"/>.</summary>
    public SchedulingMode Mode { get; set; } = SchedulingMode.Fifo;
}
