namespace Dpark.Scheduling;

/// <remarks>
/// A map task of some stages may give other records when it runs again. Readers that have seen the earlier output of some maps and the later one of others would
/// lose records or have them twice. So when a part of such a shuffle is lost after it was read, all of it is computed again, and with it everything that was
/// computed from it: map outputs are forgotten, running attempts cancelled. Results that the caller has been given cannot be taken back; then the job fails.
/// </remarks>
public sealed partial class JobScheduler
{
    private static bool NeedsRollback(StageState stage) => stage is { Info.IsIndeterminate: true, Output.WasRead: true };

    /// <summary>Before a run of a stage whose earlier outputs were read. Jobs may fail; the stage is released if all of its jobs do.</summary>
    private void RollBack(StageState stage)
    {
        Notify(
            stage,
            $"{stage.Info} ({stage.Info.CallSite}) and what was computed from it run again as a whole: a part of its output was lost, and its tasks may not give the same again.");

        // What this walk has seen may need another look.
        _mark++;
        List<ShuffleState> shuffles = [stage.Output!];
        HashSet<ShuffleState> seen = [stage.Output!];
        for (var i = 0; i < shuffles.Count; i++)
        {
            foreach (var derived in shuffles[i].Derived)
            {
                if (seen.Add(derived))
                {
                    shuffles.Add(derived);
                }
            }
        }

        foreach (var shuffle in shuffles)
        {
            foreach (var reader in shuffle.Readers.ToArray())
            {
                if (reader is { IsReleased: false, Output: null, Tasks: not null })
                {
                    RollBackResults(reader, stage);
                }
            }
        }

        foreach (var shuffle in shuffles)
        {
            RollBackOutputs(shuffle);
        }
    }

    private void RollBackResults(StageState stage, StageState cause)
    {
        if (stage.Tasks!.DoneCount > 0)
        {
            FailJobsOf(
                stage,
                $"A part of the output of {cause.Info} ({cause.Info.CallSite}) was lost after {stage.Tasks.DoneCount} results of the job had been computed from it, and its tasks may " +
                "not give the same again. Sort before operators that depend on the order (ZipWithIndex, Sample, Glom), write the RDD to files first, or run the job again.");
            return;
        }

        StartOver(stage);
    }

    private void RollBackOutputs(ShuffleState shuffle)
    {
        if (!_shuffles.ContainsKey(shuffle.Id))
        {
            // It went with a job that failed.
            return;
        }

        if (shuffle.Stage is { IsReleased: false } stage)
        {
            StartOver(stage);
        }

        shuffle.WasRead = false;
        if (shuffle.ListMaps() is { Count: > 0 } maps)
        {
            Epoch++;
            _actions.Add(new ForgetMapOutputs(shuffle.Id, maps, Epoch));
            ForgetOutputs(shuffle, maps);
        }
    }

    /// <summary>Cancels the attempts of a stage and has their tasks launched again.</summary>
    private void StartOver(StageState stage)
    {
        if (stage.Tasks is not { } tasks)
        {
            return;
        }

        CancelAttempts(stage);
        for (var position = 0; position < tasks.Count; position++)
        {
            tasks.Retry(position);
        }

        stage.StageAttempt = stage.Output is { } output ? output.StageAttemptCount++ : stage.StageAttempt + 1;
        NoteProgress(stage);
        LookAt(stage);
    }

    private static void NoteDerivation(StageState stage)
    {
        if (stage.Output is { } output)
        {
            foreach (var parent in stage.Parents)
            {
                if (output.DerivedFrom.Add(parent.Output!))
                {
                    parent.Output!.Derived.Add(output);
                }
            }
        }
    }

    private static void ForgetDerivation(ShuffleState shuffle)
    {
        foreach (var source in shuffle.DerivedFrom)
        {
            source.Derived.Remove(shuffle);
        }

        foreach (var derived in shuffle.Derived)
        {
            derived.DerivedFrom.Remove(shuffle);
        }
    }
}
