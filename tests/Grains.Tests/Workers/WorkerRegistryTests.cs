namespace Dpark.Workers;

public sealed class WorkerRegistryTests
{
    private readonly WorkerRegistry _registry = new();

    [Fact]
    public void Set_NewWorker_IsAChange()
    {
        var changed = _registry.Changed;

        Assert.True(_registry.Set(Worker("a")));

        Assert.True(changed.IsCompletedSuccessfully);
        Assert.False(_registry.Changed.IsCompleted);
        Assert.Equal(2, _registry.Version);
    }

    [Fact]
    public void Set_SameValues_IsNoChange()
    {
        _registry.Set(Worker("a"));
        var version = _registry.Version;

        Assert.False(_registry.Set(Worker("a")));

        Assert.Equal(version, _registry.Version);
    }

    [Fact]
    public void Set_OtherValues_KeepsThePlace()
    {
        _registry.Set(Worker("a"));
        _registry.Set(Worker("b"));

        Assert.True(_registry.Set(Worker("a", slotCount: 0)));

        Assert.Equal([Worker("a", slotCount: 0), Worker("b")], _registry.Snapshot.Workers);
    }

    [Fact]
    public void Remove_UnknownWorker_IsNoChange()
    {
        _registry.Set(Worker("a"));
        var version = _registry.Version;

        Assert.Empty(_registry.Remove(worker => worker.Id.Value == "b"));

        Assert.Equal(version, _registry.Version);
    }

    [Fact]
    public void Remove_Several_IsOneChange()
    {
        _registry.Set(Worker("a"));
        _registry.Set(Worker("b"));
        _registry.Set(Worker("c"));
        var version = _registry.Version;

        var removed = _registry.Remove(worker => worker.Id.Value != "b");

        Assert.Equal(["a", "c"], removed.Select(worker => worker.Id.Value));
        Assert.Equal(version + 1, _registry.Version);
        Assert.Equal([Worker("b")], _registry.Snapshot.Workers);
    }

    [Fact]
    public void Snapshot_OfTwoRegistries_HasDifferentGenerations() => Assert.NotEqual(new WorkerRegistry().Generation, _registry.Snapshot.Generation);

    private static WorkerInfo Worker(string id, int slotCount = 2) => new(new(id), "host", "127.0.0.1:1", slotCount, 1 << 30);
}
