namespace Dpark.Scheduling;

/// <summary>One running job.</summary>
internal sealed class JobState(JobSubmitted submission, PoolState pool, TimeSpan submittedAt)
{
    public JobId Id { get; } = submission.Job;

    public JobSubmitted Submission { get; } = submission;

    public PoolState Pool { get; } = pool;

    public TimeSpan SubmittedAt { get; } = submittedAt;

    /// <summary>All stages that it may need, parents before children; the last one makes its results.</summary>
    public List<StageState> Stages { get; } = [];

    public StageState FinalStage => Stages[^1];

    /// <summary>Results that the caller took, from the first on.</summary>
    public int TakenCount { get; set; }

    /// <summary>Since when it has waited for something that no task will bring; <see langword="null"/> if it does not.</summary>
    public TimeSpan? InTroubleSince { get; set; }

    /// <summary>When the user was last told that it waits.</summary>
    public TimeSpan LastWaitingReport { get; set; } = submittedAt;

    /// <summary>Positions below this may be computed.</summary>
    public int AdmittedLimit => Submission.Options.MaxConcurrentPartitions is var most and > 0
        ? (int)Math.Min((long)TakenCount + most, int.MaxValue)
        : int.MaxValue;
}
