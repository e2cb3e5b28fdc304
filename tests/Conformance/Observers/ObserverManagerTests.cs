using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Utilities;

namespace Dpark.Conformance.Observers;

public sealed class ObserverManagerTests
{
    private DateTime _now = new(2026, 8, 22, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task Notify_ExpiredMember_IsRemovedAndNotCalled()
    {
        var manager = NewManager();
        manager.Subscribe("old", 1);
        _now += TimeSpan.FromMinutes(1);
        manager.Subscribe("new", 2);
        _now += TimeSpan.FromSeconds(1);
        var called = new List<int>();

        await manager.Notify(observer =>
        {
            called.Add(observer);
            return Task.CompletedTask;
        });

        Assert.Equal([2], called);
        Assert.Equal(1, manager.Count);
    }

    [Fact]
    public void Subscribe_Again_RenewsAndReplaces()
    {
        var manager = NewManager();
        manager.Subscribe("it", 1);
        _now += TimeSpan.FromSeconds(59);
        manager.Subscribe("it", 2);
        _now += TimeSpan.FromSeconds(59);

        manager.ClearExpired();

        Assert.Equal([2], manager);
        manager.Unsubscribe("it");
        Assert.Empty(manager);
    }

    [Fact]
    public void Notify_ActionThatThrows_RemovesOnlyThatMember()
    {
        var manager = NewManager();
        manager.Subscribe("bad", 1);
        manager.Subscribe("good", 2);
        var called = 0;

        manager.Notify(observer => called += observer == 1 ? throw new InvalidOperationException("bad") : observer);

        Assert.Equal(2, called);
        Assert.Equal(["good"], manager.Observers.Keys);
    }

    [Fact]
    public void Notify_WithPredicate_CallsOnlyThose()
    {
        var manager = NewManager();
        manager.Subscribe("a", 1);
        manager.Subscribe("b", 2);
        var called = new List<int>();

        manager.Notify(called.Add, observer => observer == 2);

        Assert.Equal([2], called);
        Assert.Equal(2, manager.Count);
    }

    private ObserverManager<string, int> NewManager() =>
        new(TimeSpan.FromMinutes(1), NullLogger.Instance) { GetDateTime = () => _now };
}
