using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    private void Submit(JobSubmitted submission)
    {
        var infos = ListStages(submission);
        CheckSubmission(submission, infos);
        if (submission.Partitions.Count == 0)
        {
            _actions.Add(new CompleteJob(submission.Job));
            return;
        }

        var job = new JobState(submission, EnterPool(submission.Options.Pool), _now);
        _jobs.Add(job.Id, job);
        foreach (var info in infos)
        {
            var stage = GetOrAddStage(info);
            stage.Jobs.Add(job);
            job.Stages.Add(stage);
        }

        LookAt(job.FinalStage);
        _nextJobCheck ??= _now + _options.WaitingReportAfter;
    }

    private void CancelJob(JobId id)
    {
        if (_jobs.TryGetValue(id, out var job))
        {
            RemoveJob(job);
        }
    }

    private void OnResultTaken(ResultTaken taken)
    {
        if (!_jobs.TryGetValue(taken.Job, out var job) || taken.Position < job.TakenCount)
        {
            return;
        }

        job.TakenCount = taken.Position + 1;
        if (job.FinalStage.Tasks is { } tasks)
        {
            tasks.AdmitBelow(job.AdmittedLimit, _isThere);
            LookAt(job.FinalStage);
        }
    }

    private void Deliver(StageState stage, int position, TaskReport report)
    {
        var job = stage.Jobs[0];
        _actions.Add(new DeliverResult(job.Id, position, report));
        if (stage.Tasks!.IsDone)
        {
            EndRun(stage, job.Id);
            _actions.Add(new CompleteJob(job.Id));
            RemoveJob(job);
        }
    }

    /// <summary>Fails every job that needs a stage. The stage is gone afterwards.</summary>
    private void FailJobsOf(StageState stage, string reason, TaskFailure? failure = null, TaskAttemptId? attempt = null, WorkerId? worker = null)
    {
        foreach (var job in stage.Jobs.ToArray())
        {
            _actions.Add(new FailJob(job.Id, reason, failure, attempt, worker, stage.Info));
            RemoveJob(job);
        }
    }

    private void RemoveJob(JobState job)
    {
        _jobs.Remove(job.Id);

        // Children first: a stage that nobody reads any more must not be seen by one that is still there.
        for (var i = job.Stages.Count - 1; i >= 0; i--)
        {
            var stage = job.Stages[i];
            var priority = stage.Priority;
            var wasRunnable = stage.IsRunnable;
            if (wasRunnable)
            {
                _runnable.Remove(stage, priority);
            }

            stage.Jobs.Remove(job);
            if (stage.Jobs.Count == 0)
            {
                ReleaseStageState(stage, job.Id);
            }
            else if (wasRunnable)
            {
                _runnable.Add(stage);
            }
        }

        LeavePool(job.Pool);
    }

    /// <summary>The stages of a job, parents before children. Of a stage that runs for another job already, that one.</summary>
    private List<StageInfo> ListStages(JobSubmitted submission)
    {
        List<StageInfo> ordered = [];
        HashSet<ShuffleId> seen = [];

        // A stack of its own: lineages of iterative programs are thousands of stages deep.
        Stack<(StageInfo Info, int NextParent)> path = new();
        path.Push((submission.FinalStage, 0));
        while (path.TryPop(out var step))
        {
            if (step.NextParent == step.Info.Parents.Count)
            {
                ordered.Add(step.Info);
                continue;
            }

            path.Push(step with { NextParent = step.NextParent + 1 });
            var parent = step.Info.Parents[step.NextParent];
            var shuffle = parent.Shuffle ?? throw new ArgumentException(
                $"{parent}, a parent of {step.Info} in {submission.Job}, writes no shuffle. Only the last stage of a job may do so.", nameof(submission));
            if (seen.Add(shuffle))
            {
                path.Push((_shuffles.GetValueOrDefault(shuffle)?.Stage?.Info ?? parent, 0));
            }
        }

        return ordered;
    }

    private void CheckSubmission(JobSubmitted submission, List<StageInfo> infos)
    {
        if (_jobs.ContainsKey(submission.Job))
        {
            throw new ArgumentException($"{submission.Job} was submitted before. Give each job an id of its own.", nameof(submission));
        }

        if (submission.FinalStage.Shuffle is { } written)
        {
            throw new ArgumentException(
                $"{submission.FinalStage}, the last of {submission.Job}, writes {written}. The last stage of a job gives its results to the driver.",
                nameof(submission));
        }

        HashSet<int> partitions = [];
        foreach (var partition in submission.Partitions)
        {
            if ((uint)partition >= (uint)submission.FinalStage.PartitionCount || !partitions.Add(partition))
            {
                throw new ArgumentException(
                    $"Partition {partition} of {submission.Job} is asked for twice or is none of {submission.FinalStage.PartitionCount}. Ask once for each.",
                    nameof(submission));
            }
        }

        HashSet<int> ids = [];
        foreach (var info in infos)
        {
            if (!ids.Add(info.StageId) || (_stages.TryGetValue(info.StageId, out var known) && known.Info != info))
            {
                throw new ArgumentException(
                    $"{info} of {submission.Job} has the number of another stage that runs. Give each stage a number of its own.", nameof(submission));
            }

            if (info.Shuffle is { } shuffle && _shuffles.TryGetValue(shuffle, out var state) && state.MapCount != info.PartitionCount)
            {
                throw new ArgumentException(
                    $"{info} of {submission.Job} makes {info.PartitionCount} map outputs of {shuffle}, which has {state.MapCount}. " +
                    "A shuffle never changes its width.",
                    nameof(submission));
            }
        }
    }
}
