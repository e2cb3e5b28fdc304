using Dpark.Scheduling;

namespace Dpark.Jobs;

/// <summary>Is told what the jobs of a context do. Every method may be left out.</summary>
/// <remarks>
/// Called in the driver's loop, one call at a time, in the order in which things happen: all of a job's calls lie between its start and its end, but for <see cref="OnTaskStillRuns"/>. A listener that
/// takes long holds up every job, and one that throws is logged and called again.
/// </remarks>
public interface IJobListener
{
    /// <summary>A job was given to the scheduler.</summary>
    void OnJobStarted(JobStarted job)
    {
    }

    /// <summary>A stage has come further, or ended. At most ten times a second per stage by default; see <see cref="Configuration.SchedulerOptions.ProgressInterval"/>.</summary>
    void OnStageProgress(StageProgress progress)
    {
    }

    /// <summary>A task says something that the user should know. Each text once per job.</summary>
    void OnWarning(JobId job, string text)
    {
    }

    /// <summary>A task was cancelled and its code does not stop. Comes a moment after the cancellation, so mostly after the end of its job.</summary>
    void OnTaskStillRuns(TaskStillRuns task)
    {
    }

    /// <summary>A job makes no progress, and why.</summary>
    void OnJobWaiting(JobWaiting waiting)
    {
    }

    /// <summary>A job ended. An action that ran to its end returns after this call.</summary>
    void OnJobEnded(JobSummary job)
    {
    }
}
