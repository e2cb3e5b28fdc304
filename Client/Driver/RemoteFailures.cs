using Dpark.Closures;
using Dpark.Jobs;
using Dpark.Scheduling;
using Dpark.Tasks;

namespace Dpark.Driver;

/// <summary>Makes the exceptions that callers of jobs get from what tasks reported. Thread-safe.</summary>
internal sealed class RemoteFailures(CodeResolver code)
{
    /// <summary>What the caller of a failed job gets.</summary>
    public JobFailedException ToException(FailJob failed, RunningJob job)
    {
        var inner = (failed.Stage?.Source as StageSource)?.Problem is { } problem && failed.Failure is null ? problem : failed.Failure is { } failure ? Decode(failure) : null;
        var ran = failed.Failure?.Operator is { } site ? $" It failed in {site}." : "";
        return new JobFailedException($"{job} failed. {failed.Reason}{ran}", job.Id, job.Options.CallSite, inner)
        {
            Attempt = failed.Attempt,
            Worker = failed.Worker,
            FailedOperator = failed.Failure?.Operator,
        };
    }

    /// <summary>The user's own exception if it could travel and its type is known here; else its text.</summary>
    public Exception Decode(TaskFailure failure)
    {
        if (failure.Exception is { } bytes)
        {
            try
            {
                if (ClosureSerializer.Deserialize(bytes, code) is Exception exception)
                {
                    return exception;
                }
            }
#pragma warning disable CA1031 // Members of the user's type may throw anything, and its text says enough.
            catch (Exception)
#pragma warning restore CA1031
            {
                // As text, then.
            }
        }

        return new RemoteTaskException(failure.ExceptionType, failure.Message, failure.StackTrace, failure.Inner is null ? null : Decode(failure.Inner));
    }
}
