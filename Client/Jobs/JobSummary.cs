using Dpark.Rdds;
using Dpark.Scheduling;

namespace Dpark.Jobs;

/// <summary>How a job ended.</summary>
public enum JobOutcome
{
    /// <summary>Every result was delivered.</summary>
    Succeeded = 0,

    /// <summary>It threw <see cref="JobFailedException"/>.</summary>
    Failed = 1,

    /// <summary>The caller cancelled it, or left its results early, as <c>TakeAsync</c> does when it has enough.</summary>
    Cancelled = 2,
}

/// <summary>A job begins.</summary>
/// <param name="Job">Number within the application.</param>
/// <param name="CallSite">The action.</param>
/// <param name="StageCount">Stages of its lineage; those whose map outputs exist are not run.</param>
public sealed record JobStarted(JobId Job, CallSite CallSite, int StageCount);

/// <summary>A job that has ended.</summary>
/// <param name="Job">Number within the application.</param>
/// <param name="CallSite">The action.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Elapsed">From its start to its end.</param>
/// <param name="Metrics">Sums over its tasks. A stage that two jobs share counts for the one that brought it.</param>
/// <param name="Warnings">What its tasks warned of, each text once, in order of arrival. The first 1,000.</param>
/// <param name="Failure">Of a failed job: what it threw.</param>
public sealed record JobSummary(
    JobId Job, CallSite CallSite, JobOutcome Outcome, TimeSpan Elapsed, JobMetrics Metrics, IReadOnlyList<string> Warnings, Exception? Failure)
{
    /// <summary>The named accumulators that its tasks added to, with their totals at its end, in the order in which they were made.</summary>
    public IReadOnlyList<NamedTotal> Accumulators { get; init; } = [];
}

/// <summary>An accumulator as people see it.</summary>
/// <param name="Name">Its name; need not be unique.</param>
/// <param name="Total">Its total as text, at most a few hundred characters.</param>
public sealed record NamedTotal(string Name, string Total);
