using Dpark.Shuffle;

namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    private readonly List<StageState> _stagesToLookAt = [];
    private readonly List<StageState> _lookahead = [];
    private readonly List<ShuffleState> _shufflesToRegister = [];
    private readonly Stack<StageState> _path = new();
    private long _mark;

    private StageState GetOrAddStage(StageInfo info)
    {
        if (_stages.TryGetValue(info.StageId, out var stage))
        {
            return stage;
        }

        var output = info.Shuffle is { } shuffle ? GetOrAddShuffle(shuffle, info.PartitionCount) : null;
        var parents = new StageState[info.Parents.Count];
        for (var i = 0; i < parents.Length; i++)
        {
            parents[i] = _shuffles[info.Parents[i].Shuffle!.Value].Stage!;
        }

        // A stage may read one shuffle twice, in a self-join.
        parents = [.. parents.Distinct()];
        stage = new(info, output, parents) { LastActivity = _now };
        _stages.Add(info.StageId, stage);
        output?.Stage = stage;
        foreach (var parent in parents)
        {
            parent.Output!.Readers.Add(stage);
            stage.MissingParentCount += parent.Output.IsComplete ? 0 : 1;
        }

        NoteDerivation(stage);
        UpdateInputEpoch(stage);
        return stage;
    }

    private ShuffleState GetOrAddShuffle(ShuffleId id, int mapCount)
    {
        if (!_shuffles.TryGetValue(id, out var shuffle))
        {
            _shuffles.Add(id, shuffle = new(id, mapCount));
            if (mapCount == 0)
            {
                // Nothing will run, but the registry must know that the list is complete.
                ListForRegistration(shuffle);
            }
        }

        shuffle.IsUnneeded = false;
        return shuffle;
    }

    /// <summary>Has the next decision see what a stage needs: a run, its program, its parents' outputs.</summary>
    private void LookAt(StageState stage)
    {
        UpdateRunnable(stage);
        if (!stage.IsListed)
        {
            stage.IsListed = true;
            _stagesToLookAt.Add(stage);
        }
    }

    private void LookAtStages()
    {
        if (_stagesToLookAt.Count == 0)
        {
            return;
        }

        _mark++;
        for (var i = 0; i < _stagesToLookAt.Count; i++)
        {
            // More may be added on the way.
            var listed = _stagesToLookAt[i];
            listed.IsListed = false;
            _path.Push(listed);
            while (_path.TryPop(out var stage))
            {
                if (stage.IsReleased || stage.Mark == _mark)
                {
                    continue;
                }

                stage.Mark = _mark;
                StartIfNeeded(stage);
            }
        }

        _stagesToLookAt.Clear();
    }

    private void StartIfNeeded(StageState stage)
    {
        if (stage.Tasks is null)
        {
            if (stage.Output is { IsComplete: true })
            {
                return;
            }

            if (NeedsRollback(stage))
            {
                RollBack(stage);
                if (stage.IsReleased)
                {
                    return;
                }
            }

            BeginRun(stage);
        }

        if (stage.MissingParentCount == 0)
        {
            RequestProgram(stage);
        }
        else if (stage.Tasks!.PendingCount > 0)
        {
            foreach (var parent in stage.Parents)
            {
                if (!parent.Output!.IsComplete)
                {
                    _path.Push(parent);
                }
            }
        }

        UpdateRunnable(stage);
    }

    private void BeginRun(StageState stage)
    {
        var locations = stage.Info.PreferredLocations;
        if (stage.Output is { } output)
        {
            stage.StageAttempt = output.StageAttemptCount++;
            stage.Tasks = new(output.MapCount, partitions: null, output.NextAttempts, locations);
            for (var map = 0; map < output.MapCount; map++)
            {
                if (output.Has(map))
                {
                    stage.Tasks.Skip(map);
                }
            }

            stage.Tasks.AdmitBelow(output.MapCount, _isThere);
        }
        else
        {
            var job = stage.Jobs[0];
            var partitions = job.Submission.Partitions;
            stage.Tasks = new(partitions.Count, partitions, new int[partitions.Count], locations);
            stage.Tasks.AdmitBelow(job.AdmittedLimit, _isThere);
        }

        (stage.Locality, stage.LocalitySince) = (Locality.Worker, _now);
        stage.RunTimes = _options.Speculation ? new() : null;

        // A stage that ends sooner than the first report is due makes one report only.
        stage.LastActivity = stage.LastProgress = _now;
    }

    private void EndRun(StageState stage, JobId job)
    {
        ReportEnd(stage, job);
        CountFailures(stage);
        stage.Tasks = null;
        stage.RunTimes = null;
        stage.FetchBlames.Clear();
        UpdateRunnable(stage);
    }

    private void RequestProgram(StageState stage)
    {
        if (!stage.IsProgramRequested)
        {
            stage.IsProgramRequested = true;
            _actions.Add(new StartStage(stage.Info, Again: false));
        }
    }

    private void OnStageReady(int stageId)
    {
        if (!_stages.TryGetValue(stageId, out var stage) || !stage.IsProgramRequested || stage.IsProgramReady)
        {
            return;
        }

        stage.IsProgramReady = true;
        stage.LastActivity = _now;
        UpdateRunnable(stage);
        LookAhead(stage);
        ConsiderAhead(stage);
    }

    /// <summary>
    /// Has the programs of the stages that come next stored while this one runs. Not those further on, or a long lineage would begin with all its
    /// programs.
    /// </summary>
    private void LookAhead(StageState stage)
    {
        if ((stage.IsRunning || stage.AheadOf is not null) && stage.Output is { } output)
        {
            _lookahead.AddRange(output.Readers);
        }
    }

    private void FlushProgramRequests()
    {
        foreach (var stage in _lookahead)
        {
            if (stage is { IsReleased: false, Tasks: not null, IsProgramRequested: false }
                && stage.Parents.All(parent => parent.IsRunning || parent.AheadOf is not null || parent.Output!.IsComplete))
            {
                RequestProgram(stage);
            }
        }

        _lookahead.Clear();
    }

    private void OnStageNotReady(StageNotReady notReady)
    {
        if (_stages.TryGetValue(notReady.StageId, out var stage))
        {
            FailJobsOf(
                stage,
                $"The program of {stage.Info} ({stage.Info.CallSite}) could not be stored in the cluster: {notReady.Reason} No task of it was started.",
                notReady.Failure);
        }
    }

    /// <summary>Puts a stage into the line of those with tasks to launch, or takes it out.</summary>
    private void UpdateRunnable(StageState stage)
    {
        if (stage.IsRunnable == stage.CanLaunch)
        {
            return;
        }

        if (stage.IsRunnable)
        {
            _runnable.Remove(stage, stage.Priority);
        }
        else
        {
            _runnable.Add(stage);
        }
    }

    private void ReleaseStageState(StageState stage, JobId job)
    {
        CancelAttempts(stage);
        _stages.Remove(stage.Info.StageId);
        stage.IsReleased = true;
        if (stage.Tasks is not null)
        {
            ReportEnd(stage, job);
            stage.Tasks = null;
        }

        if (stage.IsProgramRequested)
        {
            _actions.Add(new ReleaseStage(stage.Info));
        }

        foreach (var parent in stage.Parents)
        {
            parent.Output!.Readers.Remove(stage);
        }

        if (stage.Output is { } output)
        {
            output.Stage = null;
            ReleaseIfUnneeded(output);
        }
    }

    private void OnShuffleUnneeded(ShuffleId id)
    {
        if (_shuffles.TryGetValue(id, out var shuffle))
        {
            shuffle.IsUnneeded = true;
            ReleaseIfUnneeded(shuffle);
        }
    }

    private void ReleaseIfUnneeded(ShuffleState shuffle)
    {
        if (shuffle is { IsUnneeded: true, Stage: null })
        {
            _shuffles.Remove(shuffle.Id);
            ForgetDerivation(shuffle);
            _shufflesToRegister.Remove(shuffle);
            _actions.Add(new ReleaseShuffle(shuffle.Id));
        }
    }
}
