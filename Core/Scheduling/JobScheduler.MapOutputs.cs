using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    // Nobody reads a list that is not complete, so outputs are registered in groups: as many calls less, and not too many outputs at the end.
    private const int LeastRegistered = 64;

    private void AddMapOutput(StageState stage, MapOutput output)
    {
        var shuffle = stage.Output!;
        shuffle.Add(output, Epoch);
        ListForRegistration(shuffle);
        if (!shuffle.IsComplete)
        {
            return;
        }

        EndRun(stage, stage.Jobs[0].Id);
        foreach (var reader in shuffle.Readers)
        {
            reader.MissingParentCount--;
            UpdateInputEpoch(reader);
            reader.LastActivity = _now;
            if (reader.Tasks is not null)
            {
                LookAt(reader);
                LookAhead(reader);
                ConsiderAhead(reader);
            }
        }
    }

    /// <summary>Forgets map outputs, and has them computed again if a task waits for them.</summary>
    private void ForgetOutputs(ShuffleState shuffle, IReadOnlyList<int> mapIndexes)
    {
        var wasComplete = shuffle.IsComplete;
        foreach (var map in mapIndexes)
        {
            shuffle.Forget(map, Epoch);
            shuffle.Stage?.Tasks?.Reopen(map);
        }

        if (shuffle.Stage is { Tasks: not null } running)
        {
            NoteProgress(running);
            LookAt(running);
        }

        if (!wasComplete)
        {
            return;
        }

        foreach (var reader in shuffle.Readers)
        {
            reader.MissingParentCount++;
            UpdateRunnable(reader);
            if (reader.Tasks is not null)
            {
                LookAt(reader);
            }
        }
    }

    private void ForgetOutputsOf(WorkerId worker)
    {
        Epoch++;
        _actions.Add(new ForgetWorkerOutputs(worker, Epoch));
        foreach (var shuffle in _shuffles.Values)
        {
            if (shuffle.MapsOn(worker) is { Count: > 0 } lost)
            {
                ForgetOutputs(shuffle, lost);
            }
        }
    }

    /// <summary>Forgets what a fetch failure names.</summary>
    private void ForgetUnreadable(ShuffleState shuffle, TaskFailure failure)
    {
        // All that it has of the shuffle if it does not answer at all, and the second time that it is blamed; otherwise each of its outputs would cost a
        // round of repair.
        var worker = failure.Worker!.Value;
        List<int> maps = shuffle.WasSuspect(worker) || failure.IsWorkerGone ? shuffle.MapsOn(worker) : [failure.MapIndex];
        if (failure.IsWorkerGone && _workers.TryGetValue(worker, out var gone))
        {
            // Where no file is served hardly a task can be started, and membership takes longer to find out.
            BackOff(gone);
        }

        Epoch++;
        _actions.Add(new ForgetMapOutputs(shuffle.Id, maps, Epoch));
        ForgetOutputs(shuffle, maps);
    }

    /// <summary>Has the whole list of a shuffle sent to the registry again, with a new epoch, so that every reader fetches it anew.</summary>
    private void Reregister(ShuffleState shuffle)
    {
        Epoch++;
        shuffle.Reregister(Epoch);
        ListForRegistration(shuffle);
        foreach (var reader in shuffle.Readers)
        {
            UpdateInputEpoch(reader);
        }
    }

    /// <summary>
    /// A task names one epoch for all lists that it reads. Lists that are older because nothing has happened to them are confirmed, or the task would
    /// wait for new ones.
    /// </summary>
    private void UpdateInputEpoch(StageState stage)
    {
        foreach (var parent in stage.Parents)
        {
            stage.InputEpoch = Math.Max(stage.InputEpoch, parent.Output!.Epoch);
        }

        foreach (var parent in stage.Parents)
        {
            if (parent.Output!.IsComplete && parent.Output.Epoch < stage.InputEpoch)
            {
                parent.Output.Confirm(stage.InputEpoch);
                ListForRegistration(parent.Output);
            }
        }
    }

    private void RegisterEverything()
    {
        foreach (var shuffle in _shuffles.Values)
        {
            Reregister(shuffle);
        }
    }

    private void ListForRegistration(ShuffleState shuffle)
    {
        if (!shuffle.IsListed)
        {
            shuffle.IsListed = true;
            _shufflesToRegister.Add(shuffle);
        }
    }

    private void FlushRegistrations()
    {
        foreach (var shuffle in _shufflesToRegister)
        {
            shuffle.IsListed = false;
            if (shuffle.HasNews || shuffle.UnregisteredCount >= (shuffle.IsComplete ? 1 : LeastRegistered))
            {
                _actions.Add(shuffle.TakeRegistration());
            }
        }

        _shufflesToRegister.Clear();
    }
}
