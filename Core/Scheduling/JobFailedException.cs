using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Scheduling;

/// <summary>A job ended without its result. The inner exception is the user's own, if a task threw it.</summary>
public sealed class JobFailedException(string message, JobId job, CallSite callSite, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The job.</summary>
    public JobId Job { get; } = job;

    /// <summary>The action that ran it.</summary>
    public CallSite CallSite { get; } = callSite;

    /// <summary>The attempt whose failure ended the job; <see langword="null"/> if no task did.</summary>
    public TaskAttemptId? Attempt { get; init; }

    /// <summary>The worker that ran <see cref="Attempt"/>.</summary>
    public Workers.WorkerId? Worker { get; init; }

    /// <summary>The operator whose code failed, as far as known.</summary>
    public CallSite? FailedOperator { get; init; }
}
