using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    private const int MaxUnwanted = 4096;

    // Attempts that were cancelled of late. Another one of the same task may have been accepted, and a report may come twice, so only theirs are superfluous.
    private readonly RecentSet<TaskAttemptId> _unwanted = new(MaxUnwanted);

    private void OnReport(WorkerId workerId, TaskReport report)
    {
        if (report.StillRuns)
        {
            OnStillRuns(workerId, report);
        }

        if (!_workers.TryGetValue(workerId, out var worker) || FindAttempt(report.Attempt, worker) is not { } attempt)
        {
            if (report.ResultBlock is not null && _unwanted.Contains(report.Attempt))
            {
                _actions.Add(new DiscardResult(report));
            }

            return;
        }

        var stage = attempt.Stage;
        var isInDoubt = !attempt.HoldsSlot;
        Detach(attempt);
        stage.LastActivity = _now;
        NoteProgress(stage);
        if (report.Outcome != TaskOutcome.Cancelled)
        {
            worker.Backoff = TimeSpan.Zero;
        }

        // Another attempt has taken its place, so only a success makes a difference.
        if (isInDoubt && report.Outcome != TaskOutcome.Succeeded)
        {
            return;
        }

        switch (report.Outcome)
        {
            case TaskOutcome.Succeeded when IsValid(attempt, report):
                OnSuccess(attempt, report);
                break;
            case TaskOutcome.FetchFailed when FindShuffle(stage, report.Failure) is { } shuffle:
                OnFetchFailed(attempt, report, shuffle);
                break;
            case TaskOutcome.MissingInput:
                OnMissingInput(attempt, report);
                break;
            case TaskOutcome.Cancelled:
                OnNotRun(attempt, "The worker cancelled it.", report.Failure);
                BackOff(worker);
                break;
            default:
                OnFailure(attempt, report);
                break;
        }
    }

    private void OnStillRuns(WorkerId worker, TaskReport report)
    {
        var jobs = _stages.TryGetValue(report.Attempt.StageId, out var stage) ? stage.Jobs.Select(job => job.Id) : [];
        _actions.Add(new TaskStillRuns(report.Attempt, worker, [.. jobs], report.Failure?.Message ?? ""));
    }

    /// <returns><see langword="null"/> if nobody waits for the report: of an older run, of a cancelled attempt, or the second copy of one.</returns>
    private AttemptState? FindAttempt(in TaskAttemptId id, WorkerState worker)
    {
        if (id.Application != Application || !_stages.TryGetValue(id.StageId, out var stage)
            || stage.Tasks is not { } tasks || !tasks.TryGetPosition(id.PartitionIndex, out var position))
        {
            return null;
        }

        var attempt = tasks[position].Attempts;
        while (attempt is not null && (attempt.Id != id || attempt.Worker != worker))
        {
            attempt = attempt.NextOfTask;
        }

        return attempt;
    }

    /// <summary>Stops waiting for an attempt and gives its slot back.</summary>
    private void Detach(AttemptState attempt)
    {
        var stage = attempt.Stage;
        stage.Tasks!.Remove(attempt);
        stage.AttemptCount--;
        attempt.Worker.Remove(attempt);
        FreeSlot(attempt);
    }

    private void FreeSlot(AttemptState attempt)
    {
        if (attempt.HoldsSlot)
        {
            attempt.HoldsSlot = false;
            attempt.Stage.RunningCount--;
            attempt.Worker.AssignedCount--;
            attempt.Worker.SuspectCount -= attempt.IsSuspect ? 1 : 0;
            if (attempt.IsAlone)
            {
                attempt.Worker.IsTaken = false;
            }

            attempt.Pool.RunningCount--;
            ForgetUnused(attempt.Pool);
            UpdateFree(attempt.Worker);
        }
    }

    private static bool IsValid(AttemptState attempt, TaskReport report) => attempt.Stage.Output is null
        ? report.Result is not null || report.ResultBlock is not null
        : report.MapOutput is { } output && output.MapIndex == attempt.Id.PartitionIndex && output.Worker == attempt.Worker.Id;

    private static ShuffleState? FindShuffle(StageState stage, TaskFailure? failure)
    {
        foreach (var parent in stage.Parents)
        {
            if (parent.Output!.Id == failure?.Shuffle)
            {
                return parent.Output;
            }
        }

        return null;
    }

    private void OnSuccess(AttemptState attempt, TaskReport report)
    {
        var stage = attempt.Stage;
        var tasks = stage.Tasks!;
        while (tasks[attempt.Position].Attempts is { } twin)
        {
            Unwanted(twin);
        }

        tasks.Finish(attempt.Position);
        stage.AddRunTime(report.Metrics.RunTime);
        stage.ProgramRestores = 0;
        if (attempt.Id.StageAttempt == stage.StageAttempt)
        {
            stage.FetchBlames.Clear();
        }

        UpdateRunnable(stage);
        _actions.Add(new AcceptReport(stage.Info, attempt.Worker.Id, report, stage.Output?.Count(attempt.Id.PartitionIndex) ?? true));
        if (stage.Output is null)
        {
            Deliver(stage, attempt.Position, report);
        }
        else
        {
            AddMapOutput(stage, report.MapOutput!);
        }
    }

    private void OnFailure(AttemptState attempt, TaskReport report)
    {
        var stage = attempt.Stage;
        stage.Tasks!.FailedCount++;
        var troubles = TroublesOf(attempt);
        troubles.Failures++;
        if (WhyNotAgain(attempt, report, troubles) is { } limit)
        {
            var cause = report.Failure is { } failure
                ? $"{failure.ExceptionType}: {failure.Message}"
                : $"it reported {report.Outcome} without what belongs to it.";
            FailJobsOf(
                stage,
                $"A task of {stage.Info} ({stage.Info.CallSite}) failed {limit}. The last attempt, {attempt.Id} on {attempt.Worker.Id}: {cause}",
                report.Failure,
                attempt.Id,
                attempt.Worker.Id);
            return;
        }

        if (report.Failure is { IsMemoryShort: true })
        {
            // Not the worker's fault, and it may well run there when it is alone.
            AskForMemory(attempt, troubles);
            Retry(attempt);
            return;
        }

        NoteFailureOn(attempt.Worker, stage, attempt.Position);
        if (!troubles.FailedOn.Contains(attempt.Worker))
        {
            troubles.FailedOn.Add(attempt.Worker);
        }

        troubles.AnywhereAfter = _now + _options.RetryElsewhereWait;
        WakeUpAt(troubles.AnywhereAfter);
        Retry(attempt);
    }

    /// <returns>Why a task that failed is not tried again; <see langword="null"/> if it is.</returns>
    private string? WhyNotAgain(AttemptState attempt, TaskReport report, TaskTroubles troubles)
    {
        if (report.Failure is { IsFinal: true })
        {
            return "in a way that another attempt would repeat";
        }

        if (report.Failure is { IsMemoryShort: true } && attempt.IsAlone && !_workers.Values.Any(worker => worker.MemoryBytes > attempt.Worker.MemoryBytes))
        {
            return $"for lack of memory though it had its worker to itself, and no worker has more than its {Memory.ByteText.Of(attempt.Worker.MemoryBytes)}";
        }

        return troubles.Failures >= _options.MaxTaskFailures
            ? $"{troubles.Failures} times, which is the limit (Dpark:Scheduler:MaxTaskFailures)"
            : null;
    }

    /// <summary>Has a task that had too little memory tried on a worker that runs nothing beside it, one with more memory if it was alone already.</summary>
    private void AskForMemory(AttemptState attempt, TaskTroubles troubles)
    {
        troubles.NeedsMemory = true;
        troubles.TooFewBytes = attempt.IsAlone ? attempt.Worker.MemoryBytes : troubles.TooFewBytes;
        troubles.Reserved = null;
        Notify(attempt.Stage, $"Memory was too short for {attempt.Id} on {attempt.Worker.Id}. It is tried again on a worker that runs nothing beside it{(troubles.TooFewBytes > 0 ? " and has more" : "")}.");
    }

    private void OnFetchFailed(AttemptState attempt, TaskReport report, ShuffleState shuffle)
    {
        var (stage, failure) = (attempt.Stage, report.Failure!);
        var mapIndex = failure.MapIndex;
        var isNamed = (uint)mapIndex < (uint)shuffle.MapCount;
        var isListed = isNamed && shuffle.WorkerOf(mapIndex) is { } worker && worker == failure.Worker
            && shuffle.EpochOf(mapIndex) <= attempt.MapOutputEpoch;

        // What was lost or made anew after the launch may be all that the attempt stumbled over.
        if (!isListed && attempt.MapOutputEpoch < shuffle.ChangedAt)
        {
            Retry(attempt);
            return;
        }

        if (HasTooManyFetchFailures(attempt, report))
        {
            return;
        }

        if (isListed)
        {
            ForgetUnreadable(shuffle, failure);
        }
        else
        {
            Reregister(shuffle);
        }

        Retry(attempt);
    }

    private bool HasTooManyFetchFailures(AttemptState attempt, TaskReport report)
    {
        var stage = attempt.Stage;
        stage.Tasks!.FailedCount++;
        var blamed = report.Failure!.Worker ?? attempt.Worker.Id;
        var count = TroublesOf(attempt).FetchBlames.Add(blamed);
        if (attempt.Id.StageAttempt == stage.StageAttempt)
        {
            stage.StageAttempt = stage.Output is { } output ? output.StageAttemptCount++ : stage.StageAttempt + 1;
            count = Math.Max(count, stage.FetchBlames.Add(blamed));
        }

        var limit = _options.MaxConsecutiveStageAttempts;
        if (count < limit)
        {
            return false;
        }

        FailJobsOf(
            stage,
            $"{stage.Info} ({stage.Info.CallSite}) could not read its map outputs from {blamed} {limit} times in a row, " +
            $"which is the limit (Dpark:Scheduler:MaxConsecutiveStageAttempts). " +
            $"The last attempt, {attempt.Id} on {attempt.Worker.Id}: {report.Failure.Message}",
            report.Failure,
            attempt.Id,
            attempt.Worker.Id);
        return true;
    }

    private void OnMissingInput(AttemptState attempt, TaskReport report)
    {
        var stage = attempt.Stage;

        // Of many attempts that missed the same thing, the first has it stored again.
        if (attempt.ProgramVersion == stage.ProgramVersion)
        {
            stage.ProgramVersion++;
            stage.ProgramRestores++;
            if (stage.ProgramRestores > _options.MaxProgramRestores)
            {
                FailJobsOf(
                    stage,
                    $"Workers could not get the program of {stage.Info} ({stage.Info.CallSite}), " +
                    $"though it was stored again {_options.MaxProgramRestores} times (Dpark:Scheduler:MaxProgramRestores). " +
                    $"The last attempt, {attempt.Id} on {attempt.Worker.Id}: {report.Failure?.Message}",
                    report.Failure,
                    attempt.Id,
                    attempt.Worker.Id);
                return;
            }

            stage.IsProgramReady = false;
            _actions.Add(new StartStage(stage.Info, Again: true));
        }

        Retry(attempt);
    }

    /// <summary>A worker did not take an attempt, or gave it back.</summary>
    private void OnNotRun(AttemptState attempt, string reason, TaskFailure? failure = null)
    {
        var troubles = TroublesOf(attempt);
        troubles.LaunchFailures++;
        if (troubles.LaunchFailures < _options.MaxLaunchFailures)
        {
            Retry(attempt);
            return;
        }

        var stage = attempt.Stage;
        FailJobsOf(
            stage,
            $"A task of {stage.Info} ({stage.Info.CallSite}) could not be started {troubles.LaunchFailures} times, " +
            $"which is the limit (Dpark:Scheduler:MaxLaunchFailures). " +
            $"The last attempt, {attempt.Id} on {attempt.Worker.Id}: {reason}",
            failure,
            attempt.Id,
            attempt.Worker.Id);
    }

    /// <summary>Has the task of an attempt that is over launched once more.</summary>
    private void Retry(AttemptState attempt)
    {
        if (attempt.Stage.Tasks!.Retry(attempt.Position))
        {
            LookAt(attempt.Stage);
        }

        UpdateRunnable(attempt.Stage);
    }

    /// <summary>Cancels an attempt that is waited for; its task is not launched again.</summary>
    private void Unwanted(AttemptState attempt)
    {
        Detach(attempt);
        CancelOn(attempt.Worker, attempt.Id);
        if (attempt.Stage.Output is null)
        {
            _unwanted.Add(attempt.Id);
        }
    }

    private void CancelAttempts(StageState stage)
    {
        if (stage.Tasks is not { } tasks)
        {
            return;
        }

        for (var position = 0; stage.AttemptCount > 0; position++)
        {
            while (tasks[position].Attempts is { } attempt)
            {
                Unwanted(attempt);
            }
        }
    }

    private static TaskTroubles TroublesOf(AttemptState attempt) => attempt.Stage.Tasks![attempt.Position].Troubles ??= new();
}
