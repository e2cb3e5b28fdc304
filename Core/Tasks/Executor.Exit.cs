namespace Dpark.Tasks;

public sealed partial class Executor
{
    // The attempt whose code the thread runs.
    [ThreadStatic]
    private static TaskRun? t_run;

    /// <summary>
    /// The process is about to end though nobody has stopped the worker, so code that runs in it has ended it. If the calling thread is a slot, or only one attempt runs, it is that one's code:
    /// it is reported as failed for good, because another attempt would end another worker, and the others as not run. Else nobody knows which it was.
    /// </summary>
    /// <param name="cause">What ends the process, for messages; a clause such as <c>Environment.Exit(3) was called</c>.</param>
    /// <returns>The attempts that run; the one that ends the process alone, if that is known.</returns>
    public IReadOnlyList<TaskAttemptId> EndProcess(string cause)
    {
        TaskRun[] live;
        TaskRun[] running;
        lock (_gate)
        {
            live = _stop is null ? [.. _applications.Values.SelectMany(application => application.Live)] : [];
            running = [.. live.Where(run => run.State == TaskRunState.Running)];
        }

        var isCaller = t_run is { } caller && running.Contains(caller);
        if (!isCaller && running.Length != 1)
        {
            return [.. running.Select(run => run.Attempt)];
        }

        var guilty = isCaller ? t_run! : running[0];
        var reason = $"{guilty.Attempt} ends the process of its worker: {cause}.";
        foreach (var run in running)
        {
            // There is no time to wait until it has stopped.
            if (run != guilty)
            {
                Report(run, AttemptRunner.NotRun(run.Attempt, reason));
            }
        }

        Cancel([.. live.Where(run => run != guilty)], reason);
        var text = $"{cause} {(isCaller ? "by this task" : "while this task, and no other, ran on its worker")}. A task must not end its process: throw an exception instead.";
        Report(guilty, AttemptRunner.NotRun(guilty.Attempt, text) with
        {
            Outcome = TaskOutcome.Failed,
            Failure = TaskFailures.Cancelled(text) with { ExceptionType = "process ended", IsFinal = true },
        });
        return [guilty.Attempt];
    }
}
