using Dpark.Tasks;

namespace Dpark.Scheduling;

// Where one worker does everything, the next stage's attempts wait on it while the last maps run. It starts them when it has made all outputs, which saves the way to
// the driver and back between two stages. They are launched behind the first attempt of each map only: an output that was made twice could be taken for the other one.
public sealed partial class JobScheduler
{
    // Map stages behind which readers may be launched now: the next decision looks.
    private readonly List<StageState> _mayBeFollowed = [];

    // Stages whose attempts wait.
    private readonly List<StageState> _ahead = [];

    /// <summary>A stage has become ready, or needs one parent less: its attempts may follow another parent, and its readers may follow it.</summary>
    private void ConsiderAhead(StageState stage)
    {
        _mayBeFollowed.AddRange(stage.Parents);
        if (stage.Output is not null)
        {
            _mayBeFollowed.Add(stage);
        }
    }

    private void LaunchAhead()
    {
        // With anything else to launch, slots must not wait for map outputs.
        if (_runnable.Count == 0 && FindOnlyWorker() is { } worker)
        {
            // A reader that is launched is added, but does not run yet.
            for (var i = 0; i < _mayBeFollowed.Count; i++)
            {
                if (_mayBeFollowed[i] is { IsReleased: false, IsRunning: true } parent && IsMadeOnceOn(parent, worker))
                {
                    LaunchReadersAhead(parent, worker);
                }
            }
        }

        _mayBeFollowed.Clear();
    }

    private void LaunchReadersAhead(StageState parent, WorkerState worker)
    {
        foreach (var reader in parent.Output!.Readers)
        {
            if (!IsReadyAhead(reader) || reader.LeavesOut(worker, _now))
            {
                continue;
            }

            UpdateInputEpoch(reader);
            (reader.AheadOf, reader.AheadEpoch) = (parent, Epoch);
            _ahead.Add(reader);
            LookAhead(reader);
            for (var count = 0; count < worker.SlotCount && reader.Tasks!.TryTakeFresh(out var position); count++)
            {
                Launch(reader, position, worker);
            }
        }

        // Other lists that the readers use may have had to be confirmed.
        FlushRegistrations();
    }

    private static bool IsReadyAhead(StageState stage) =>
        stage is { Tasks: { FailedCount: 0 } tasks, IsProgramReady: true, MissingParentCount: 1, AttemptCount: 0, ReadsIndeterminate: false, WasRecalled: false }
        && tasks.PendingCount > 0;

    /// <summary>Whether each map of a stage has been launched once, on one worker.</summary>
    private static bool IsMadeOnceOn(StageState stage, WorkerState worker)
    {
        if (stage.Output is not { MapCount: <= AwaitedOutputs.MaxMaps } output || stage.Tasks is not { PendingCount: 0, FailedCount: 0 } tasks)
        {
            return false;
        }

        for (var map = 0; map < output.MapCount; map++)
        {
            var where = output.WorkerOf(map) ?? tasks[map].Attempts?.Worker.Id;
            if (where != worker.Id || output.NextAttempts[map] != 1)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The worker, if there is one alone and no task is launched twice.</summary>
    private WorkerState? FindOnlyWorker()
    {
        if (_workers.Count != 1 || _options.PrefetchPerSlot == 0 || _options.Speculation)
        {
            return null;
        }

        var worker = _workers.Values.First();
        return worker is { IsCounted: true, IsStandIn: false, IsBackedOff: false, IsTaken: false } ? worker : null;
    }

    /// <summary>Takes back what was launched ahead where the map outputs may not come as they were expected, or where others could use the slots.</summary>
    private void ReviewAhead()
    {
        for (var i = _ahead.Count - 1; i >= 0; i--)
        {
            var stage = _ahead[i];
            if (!stage.IsReleased && stage is { Tasks: not null, MissingParentCount: > 0 })
            {
                if (_runnable.Count == 0 && stage.AheadEpoch == Epoch && stage.AheadOf is { IsReleased: false, IsRunning: true } && FindOnlyWorker() is not null)
                {
                    continue;
                }

                Recall(stage);
            }

            stage.AheadOf = null;
            _ahead.RemoveAt(i);
        }
    }

    private void Recall(StageState stage)
    {
        stage.WasRecalled = true;
        var tasks = stage.Tasks!;
        for (var position = 0; stage.AttemptCount > 0 && position < tasks.Count; position++)
        {
            while (tasks[position].Attempts is { } attempt)
            {
                Unwanted(attempt);
                Retry(attempt);
            }
        }
    }
}
