using Dpark.Caching;
using Dpark.Closures;
using Dpark.Jobs;
using Dpark.Planning;
using Dpark.Scheduling;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Driver;

// What the loop does with the scheduler's actions. Nothing here waits.
internal sealed partial class DriverSession
{
    private const int MaxBatchBytes = 512 << 10;
    private const int LaunchOverheadBytes = 300;
    private const int BytesPerHintedWorker = 200;
    private const int BytesPerHintedPlace = 24;

    private StageInfo ToStageInfo(JobGraph graph, RunningJob job)
    {
        var infos = new Dictionary<Stage, StageInfo>(graph.Stages.Count);
        foreach (var stage in graph.Stages)
        {
            if (stage.Output is { } output)
            {
                ShuffleLifetime.Watch(output, this);
            }

            var source = new StageSource(stage, job);
            infos.Add(stage, new StageInfo(stage.Id, stage.PartitionCount, stage.Shuffle, [.. stage.Parents.Select(parent => infos[parent])])
            {
                PreferredLocations = source.PreferredLocations,
                IsIndeterminate = stage.Determinism == Rdds.Determinism.Different,
                CallSite = stage.Output is null ? job.Options.CallSite : stage.CallSite,
                Source = source,
            });
        }

        return infos[graph.ResultStage];
    }

    private void CarryOut(SchedulerAction action)
    {
        switch (action)
        {
            case LaunchTasks launch:
                Launch(launch);
                break;
            case AcceptReport accept:
                Accept(accept);
                break;
            case DeliverResult deliver:
                Deliver(deliver);
                break;
            case StartStage start:
                _stages.Start(start, _stopping.Token);
                break;
            case RegisterMapOutputs register:
                _registrar.Enqueue(register, register.Shuffle);
                break;
            case ForgetMapOutputs forget:
                _registrar.Enqueue(forget, forget.Shuffle);
                break;
            case ForgetWorkerOutputs forget:
                _registrar.Enqueue(forget, shuffle: null);
                break;
            case CancelTasks cancel:
                _workers.Find(cancel.Worker)?.Cancel(_epoch, cancel.Attempts, _stopping.Token);
                break;
            case StartStandIn start:
                _ = _workers.Find(start.Worker)?.StartStandInAsync(_stopping.Token);
                break;
            case CompleteJob complete:
                EndJob(complete.Job, JobOutcome.Succeeded, null);
                break;
            case FailJob fail:
                FailJob(fail);
                break;
            case StageProgress progress:
                _listeners.Tell(progress, static (listener, news) => listener.OnStageProgress(news));
                break;
            case JobWaiting waiting:
                LogWaiting(waiting.Job, waiting.Since, waiting.Reason);
                _listeners.Tell(waiting, static (listener, news) => listener.OnJobWaiting(news));
                break;
            case Notice notice:
                Note(notice);
                break;
            case TaskStillRuns still:
                Note(still);
                break;
            case DiscardResult discard:
                JobResult<byte>.Discard([discard.Report], Blocks);
                break;
            case ReleaseStage release:
                _stages.Release(release.Stage, _stopping.Token);
                break;
            case ReleaseShuffle release:
                _ = DeleteShuffleAsync(release, _registrar.ReleaseAsync(release.Shuffle));
                break;
            default:
                throw new InvalidOperationException($"The driver does not know the action {action.GetType().FullName}. Handle it in {nameof(CarryOut)}.");
        }
    }

    /// <summary>An event whose consequences were carried out.</summary>
    private void OnApplied(SchedulerEvent change)
    {
        if (change is JobCancelled cancelled)
        {
            EndJob(cancelled.Job, JobOutcome.Cancelled, null);
        }
        else if (change is RegistryLost)
        {
            _registrar.EnqueueRefilled();
        }
    }

    private void OnRefused(JobSubmitted submission, ArgumentException reason) => EndJob(submission.Job, JobOutcome.Failed, reason);

    private void Launch(LaunchTasks action)
    {
        if (_workers.Find(action.Worker) is not { } worker)
        {
            _loop.Tell(new LaunchFailed(action.Worker, [.. action.Tasks.Select(task => task.Attempt)], "The worker has left the cluster."));
            return;
        }

        var launches = new List<TaskLaunch>(action.Tasks.Count);
        var bytes = 0L;
        StageInfo? last = null;
        var arrived = Task.CompletedTask;
        MapOutputRegistration[] inputs = [];
        foreach (var task in action.Tasks)
        {
            if (task.Stage != last)
            {
                Flush();
                (arrived, inputs) = Inputs(task);
                last = task.Stage;
            }

            if (ToLaunch(task, action.Worker, out var published) is not { } launch)
            {
                continue;
            }

            if (launch.PartitionHash is not null)
            {
                // Alone, so that the others need not wait.
                Send(worker, ToBatch(last, worker, [launch], inputs), Task.WhenAll(arrived, published));
                continue;
            }

            var more = launch.Partition.Length + LaunchOverheadBytes + HintBytes(launch.CacheHints);
            if (bytes + more > MaxBatchBytes)
            {
                Flush();
            }

            launches.Add(launch);
            bytes += more;
        }

        Flush();

        void Flush()
        {
            if (launches.Count > 0)
            {
                Send(worker, ToBatch(last!, worker, [.. launches], inputs), arrived);
                launches.Clear();
                bytes = 0;
            }
        }
    }

    private TaskBatch ToBatch(StageInfo stage, WorkerLink worker, TaskLaunch[] launches, MapOutputRegistration[] inputs) => new(_settings.Application, _epoch, launches)
    {
        Inputs = inputs,
        Program = ((StageSource)stage.Source!).Copy?.TakeFor(worker.Info.Id),
    };

    /// <summary>Until when a launch must wait so that the worker finds what it reads, or what it needs to be told so that it need not.</summary>
    private (Task Arrived, MapOutputRegistration[] Inputs) Inputs(in TaskAssignment task)
    {
        // What the worker waits for by itself is not there yet.
        var awaited = task.Awaits;
        var parents = awaited is null ? task.Stage.Parents : [.. task.Stage.Parents.Where(parent => parent.Shuffle != awaited)];
        var arrived = _registrar.ArrivedAsync(parents);
        return !arrived.IsCompletedSuccessfully && _registrar.ListFor(parents, task.MapOutputEpoch) is { } lists ? (Task.CompletedTask, lists) : (arrived, []);
    }

    private static int HintBytes(CacheHints? hints) =>
        hints is null ? 0 : (hints.Workers.Length * BytesPerHintedWorker) + (hints.Places.Length * BytesPerHintedPlace);

    private void Send(WorkerLink worker, TaskBatch batch, Task arrived)
    {
        if (arrived.IsCompletedSuccessfully)
        {
            worker.Launch(batch, _stopping.Token);
        }
        else
        {
            worker.LaunchAfter(arrived, batch, _stopping.Token);
        }
    }

    /// <returns><see langword="null"/> if the partition cannot travel; the jobs that need the stage fail then.</returns>
    private TaskLaunch? ToLaunch(in TaskAssignment task, WorkerId worker, out Task published)
    {
        published = Task.CompletedTask;
        var source = (StageSource)task.Stage.Source!;
        if (source.Problem is not null)
        {
            return null;
        }

        try
        {
            var launch = _stages.ToLaunch(source, task.Attempt, task.MapOutputEpoch, out published, _stopping.Token);
            var hints = source.Cached?.HintsFor(
                task.Attempt.PartitionIndex, worker, other => _workers.Find(other)?.Info.BlockEndpoint, _workers.ListCopyTargets);
            return hints is null && task.Stage.Shuffle is null && task.Awaits is null
                ? launch
                : launch with { CacheHints = hints, Makes = RememberedOf(task.Stage), Awaits = AwaitedBy(task) };
        }
        catch (ClosureException e)
        {
            source.Problem = e;
            _loop.Tell(new StageNotReady(task.Stage.StageId, $"Partition {task.Attempt.PartitionIndex} cannot travel: {e.Message}", Failure: null));
            return null;
        }
    }

    private static ShuffleId? RememberedOf(StageInfo stage) => stage.PartitionCount <= AwaitedOutputs.MaxMaps ? stage.Shuffle : null;

    private static AwaitedOutputs? AwaitedBy(in TaskAssignment task)
    {
        if (task.Awaits is not { } shuffle)
        {
            return null;
        }

        var maker = task.Stage.Parents.First(parent => parent.Shuffle == shuffle);
        return new(shuffle, maker.PartitionCount);
    }

    private void Accept(AcceptReport accept)
    {
        var source = (StageSource)accept.Stage.Source!;
        Totals.Add(accept.Report);
        source.Job.Metrics.Add(accept.Report);
        if (accept.IsFirst && (source.Stage.Output is not null || !source.Job.IsRepeated))
        {
            Merge(source.Job, accept.Report);
        }

        source.Cached?.Remember(accept.Report.Kept);
        foreach (var warning in accept.Report.Warnings)
        {
            if (source.Job.Warn(warning))
            {
                LogTaskWarning(source.Job.Id, warning);
                _listeners.Tell((source.Job.Id, warning), static (listener, news) => listener.OnWarning(news.Id, news.warning));
            }
        }
    }

    private void Merge(RunningJob job, TaskReport report)
    {
        foreach (var update in report.Updates)
        {
            if (Accumulators.Find(update.Accumulator) is not { } accumulator)
            {
                continue;
            }

            try
            {
                accumulator.Merge(update.Total);
                job.Added(accumulator);
            }
#pragma warning disable CA1031 // It is the user's function, and only the job that it belongs to must fail.
            catch (Exception e)
#pragma warning restore CA1031
            {
                var failure = new JobFailedException(
                    $"{job} failed: what {report.Attempt} added to {accumulator} could not be merged. {e.GetType().Name}: {e.Message}", job.Id, job.Options.CallSite, e);
                EndJob(job, JobOutcome.Failed, failure);
                _loop.Tell(new JobCancelled(job.Id));
                return;
            }
        }
    }

    private void Note(Notice notice)
    {
        LogNotice(_settings.Application, notice.Text);
        Warn(notice.Jobs, notice.Text);
    }

    private void Note(TaskStillRuns still)
    {
        LogStillRuns(still.Attempt, still.Worker, still.Reason);
        Warn(still.Jobs, $"{still.Attempt} on {still.Worker} does not stop. {still.Reason}");
        _listeners.Tell(still, static (listener, news) => listener.OnTaskStillRuns(news));
    }

    private void Warn(IReadOnlyList<JobId> jobs, string text)
    {
        foreach (var id in jobs)
        {
            if (_jobs.TryGetValue(id, out var job) && job.Warn(text))
            {
                _listeners.Tell((id, text), static (listener, news) => listener.OnWarning(news.id, news.text));
            }
        }
    }

    private void Deliver(DeliverResult deliver)
    {
        if (_jobs.TryGetValue(deliver.Job, out var job) && !job.Deliver(deliver.Position, deliver.Report))
        {
            var limit = _settings.Options.MaxResultBytes;
            var failure = new JobFailedException(
                $"{job} failed: its results are larger than {limit} bytes together, which is the limit (Dpark:Client:MaxResultBytes). " +
                "Save them to files, stream them, or raise the limit if the driver has the memory.",
                job.Id,
                job.Options.CallSite);
            EndJob(job, JobOutcome.Failed, failure);
            _loop.Tell(new JobCancelled(job.Id));
        }
    }

    private void FailJob(FailJob fail)
    {
        if (_jobs.TryGetValue(fail.Job, out var job))
        {
            EndJob(job, JobOutcome.Failed, _failures.ToException(fail, job));
        }
    }

    private void EndJob(JobId id, JobOutcome outcome, Exception? failure)
    {
        if (_jobs.TryGetValue(id, out var job))
        {
            EndJob(job, outcome, failure);
        }
    }

    private void EndJob(RunningJob job, JobOutcome outcome, Exception? failure)
    {
        if (!_jobs.TryRemove(job.Id, out _))
        {
            return;
        }

        _activity.Leave();
        var summary = job.Summarize(outcome, _timeProvider.GetElapsedTime(job.StartedAt), failure);
        LogEnded(job.Id, job.Options.CallSite, outcome, summary.Elapsed, summary.Metrics.TaskCount);
        _listeners.Tell(summary, static (listener, news) => listener.OnJobEnded(news));
        job.End(failure);
    }

    private async Task DeleteShuffleAsync(ReleaseShuffle release, Task registered)
    {
        try
        {
            // What is registered after the deletion would stay.
            await registered.WaitAsync(_stopping.Token).ConfigureAwait(false);
            await _client.GetGrain<IShuffleGrain>(ShuffleGrainKeys.KeyOf(release.Shuffle)).DeleteAsync(_stopping.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Its files go with the application at the latest.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogShuffleNotDeleted(e, release.Shuffle);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Job} has made no progress for {Since}. {Reason}")]
    private partial void LogWaiting(JobId job, TimeSpan since, string reason);

    [LoggerMessage(LogLevel.Warning, "{Attempt} on {Worker} does not stop. {Reason}")]
    private partial void LogStillRuns(TaskAttemptId attempt, Workers.WorkerId worker, string reason);

    [LoggerMessage(LogLevel.Warning, "{Application}: {Notice}")]
    private partial void LogNotice(Applications.AppId application, string notice);

    [LoggerMessage(LogLevel.Warning, "{Job}: {Warning}")]
    private partial void LogTaskWarning(JobId job, string warning);

    [LoggerMessage(LogLevel.Debug, "{Job} ({CallSite}) ended: {Outcome} after {Elapsed}, {TaskCount} tasks.")]
    private partial void LogEnded(JobId job, Dpark.Rdds.CallSite callSite, JobOutcome outcome, TimeSpan elapsed, long taskCount);

    [LoggerMessage(LogLevel.Information, "{Shuffle} could not be deleted on all workers. The rest goes with the application.")]
    private partial void LogShuffleNotDeleted(Exception exception, ShuffleId shuffle);
}
