using Dpark.Configuration;

namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    private readonly Dictionary<string, PoolState> _pools = new(StringComparer.Ordinal);
    private readonly List<StageState> _fairLine = [];

    private PoolState EnterPool(string? name)
    {
        name ??= PoolState.DefaultName;
        if (!_pools.TryGetValue(name, out var pool))
        {
            var options = _options.Pools.FirstOrDefault(options => string.Equals(options.Name, name, StringComparison.Ordinal));
            _pools.Add(name, pool = new(options ?? new PoolOptions { Name = name }));
        }

        pool.JobCount++;
        return pool;
    }

    private void LeavePool(PoolState pool)
    {
        pool.JobCount--;
        ForgetUnused(pool);
    }

    private void ForgetUnused(PoolState pool)
    {
        if (!pool.IsUsed)
        {
            _pools.Remove(pool.Name);
        }
    }

    /// <summary>Gives each free slot to the stage whose turn it is, one after the other.</summary>
    private void PlaceFairly()
    {
        _fairLine.AddRange(_runnable.Snapshot());
        while (_freeWorkers.Count > 0 && _fairLine.Count > 0)
        {
            var next = 0;
            for (var i = 1; i < _fairLine.Count; i++)
            {
                next = CompareTurns(_fairLine[i], _fairLine[next]) < 0 ? i : next;
            }

            var stage = _fairLine[next];
            var wasLaunched = Place(stage, queuedPerSlot: 0, most: 1) > 0;
            UpdateRunnable(stage);
            if (!wasLaunched || !stage.IsRunnable)
            {
                _fairLine.RemoveAt(next);
            }
        }

        _fairLine.Clear();
    }

    private static int CompareTurns(StageState one, StageState other)
    {
        if (one.Pool != other.Pool)
        {
            return one.Pool.CompareTo(other.Pool);
        }

        var order = one.Pool.Mode == SchedulingMode.Fair ? one.RunningCount.CompareTo(other.RunningCount) : 0;
        return order != 0 ? order : (one.Priority, one.Info.StageId).CompareTo((other.Priority, other.Info.StageId));
    }
}
