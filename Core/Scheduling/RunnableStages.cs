namespace Dpark.Scheduling;

/// <summary>
/// The stages that have tasks to launch, in the order of their turns: older jobs first, and within a job the stages that others wait for.
/// </summary>
internal sealed class RunnableStages
{
    private readonly SortedSet<(int Priority, int StageId)> _order = [];
    private readonly Dictionary<int, StageState> _stages = [];
    private readonly List<StageState> _snapshot = [];

    public int Count => _order.Count;

    public void Add(StageState stage)
    {
        _order.Add((stage.Priority, stage.Info.StageId));
        _stages.Add(stage.Info.StageId, stage);
        stage.IsRunnable = true;
    }

    /// <param name="priority">What it was when the stage was added.</param>
    public void Remove(StageState stage, int priority)
    {
        _order.Remove((priority, stage.Info.StageId));
        _stages.Remove(stage.Info.StageId);
        stage.IsRunnable = false;
    }

    /// <summary>It remembers stages that may have ended.</summary>
    public bool HasSnapshot => _snapshot.Count > 0;

    /// <summary>The stages in order, as they are now. Valid until the next call. Has to be forgotten after use: a stage that ended would keep the RDDs of its job alive.</summary>
    public List<StageState> Snapshot()
    {
        _snapshot.Clear();
        foreach (var (_, stageId) in _order)
        {
            _snapshot.Add(_stages[stageId]);
        }

        return _snapshot;
    }

    public void ForgetSnapshot() => _snapshot.Clear();
}
