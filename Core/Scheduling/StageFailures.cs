namespace Dpark.Scheduling;

/// <summary>What failed on one worker in one run of a stage.</summary>
internal sealed class StageFailures
{
    /// <summary>Positions of the tasks.</summary>
    public HashSet<int> Tasks { get; } = [];

    /// <summary>The worker gets no tasks of the stage before this time.</summary>
    public TimeSpan LeftOutUntil { get; set; }
}
