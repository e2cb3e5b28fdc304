namespace Dpark.Tasks;

public sealed partial class Executor
{
    /// <summary>
    /// The process is about to end though nobody has stopped the worker, so code that runs in it has ended it. If only one attempt runs, it is that one's code: it is reported
    /// as failed for good, because another attempt would end another worker. Of several, nobody knows which it was.
    /// </summary>
    /// <param name="cause">What ends the process, for messages; a clause such as <c>Environment.Exit(3) was called</c>.</param>
    /// <returns>The attempts that run.</returns>
    public IReadOnlyList<TaskAttemptId> EndProcess(string cause)
    {
        TaskRun[] running;
        lock (_gate)
        {
            running = _stop is null ? [.. _applications.Values.SelectMany(application => application.Live).Where(run => run.State == TaskRunState.Running)] : [];
        }

        if (running is [var only])
        {
            var text = $"{cause} while this task, and no other, ran on its worker. A task must not end its process: throw an exception instead.";
            Report(only, AttemptRunner.NotRun(only.Attempt, text) with
            {
                Outcome = TaskOutcome.Failed,
                Failure = TaskFailures.Cancelled(text) with { ExceptionType = "process ended", IsFinal = true },
            });
        }

        return [.. running.Select(run => run.Attempt)];
    }
}
