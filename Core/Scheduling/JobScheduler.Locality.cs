namespace Dpark.Scheduling;

/// <remarks>
/// Tasks wait for slots near their data, a step farther after each wait. The wait begins anew when something was launched and no free slot was refused, so a
/// few near slots that are used all the time do not keep the others idle for ever.
/// </remarks>
public sealed partial class JobScheduler
{
    private readonly Dictionary<string, List<WorkerState>> _hosts = new(StringComparer.OrdinalIgnoreCase);

    private readonly Func<string, bool> _isWorkerThere;
    private readonly Func<string, bool> _isHostThere;
    private readonly Func<string, bool> _isThere;

    private static bool IsUsable(WorkerState worker) => worker is { IsLive: true, IsLeftOut: false, IsStandIn: false, SlotCount: > 0 };

    private bool IsWorkerThere(string place) => _workers.TryGetValue(new(place), out var worker) && IsUsable(worker);

    private bool IsHostThere(string place) => _hosts.TryGetValue(place, out var workers) && workers.Exists(IsUsable);

    private bool IsThere(string place) => IsWorkerThere(place) || IsHostThere(place);

    private Locality AllowedLocality(StageState stage)
    {
        if (!stage.Tasks!.HasPreferences)
        {
            return Locality.Any;
        }

        while (stage.Locality < Locality.Any)
        {
            var isWorker = stage.Locality == Locality.Worker;
            var wait = (isWorker ? _options.LocalityWaitWorker : _options.LocalityWaitHost) ?? _options.LocalityWait;
            if (stage.Locality == Locality.NoPreference || !stage.Tasks.HasFreshNear(isWorker ? _isWorkerThere : _isHostThere))
            {
                stage.LocalitySince = _now;
            }
            else if (_now - stage.LocalitySince >= wait)
            {
                stage.LocalitySince += wait;
            }
            else
            {
                break;
            }

            stage.Locality++;
        }

        return stage.Locality;
    }

    /// <summary>Begins the wait anew, or has the scheduler woken at its end.</summary>
    /// <param name="nearest">Where tasks were launched, nearest; <see cref="Locality.Any"/> if none was.</param>
    private void NoteLocality(StageState stage, Locality allowed, Locality nearest)
    {
        if (allowed == Locality.Any && nearest >= Locality.NoPreference)
        {
            return;
        }

        var wasRefused = stage.Tasks!.PendingCount > 0 && _freeWorkers.Exists(worker => !stage.LeavesOut(worker, _now));
        if (!wasRefused)
        {
            if (nearest < Locality.NoPreference)
            {
                (stage.Locality, stage.LocalitySince) = (nearest, _now);
            }

            return;
        }

        var wait = (allowed == Locality.Worker ? _options.LocalityWaitWorker : _options.LocalityWaitHost) ?? _options.LocalityWait;
        var end = stage.LocalitySince + wait;
        if (allowed < Locality.Any && stage.LocalityWakeUp != end)
        {
            stage.LocalityWakeUp = end;
            WakeUpAt(end);
        }
    }

    private void SetHost(WorkerState worker, string host)
    {
        ForgetHost(worker);
        worker.Host = host;
        if (!_hosts.TryGetValue(host, out var workers))
        {
            _hosts.Add(host, workers = []);
        }

        workers.Add(worker);
    }

    private void ForgetHost(WorkerState worker)
    {
        if (_hosts.TryGetValue(worker.Host, out var workers) && workers.Remove(worker) && workers.Count == 0)
        {
            _hosts.Remove(worker.Host);
        }
    }
}
