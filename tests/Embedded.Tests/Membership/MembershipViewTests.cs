using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

public sealed class MembershipViewTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly MembershipView _view = new();

    [Fact]
    public void TryPublish_OlderOrSameVersion_IsDropped()
    {
        _view.TryPublish(Rows.Active(5, 1));

        Assert.False(_view.TryPublish(Rows.Active(5, 1, 2)));
        Assert.False(_view.TryPublish(Rows.Active(4, 1, 2)));
        Assert.Single(_view.Current.Members);
    }

    [Fact]
    public async Task UpdatesAsync_AfterPublish_YieldsCurrentThenNewest()
    {
        await using var updates = _view.UpdatesAsync().GetAsyncEnumerator();
        await updates.MoveNextAsync();
        var first = updates.Current;
        var pending = updates.MoveNextAsync().AsTask();

        _view.TryPublish(Rows.Active(1, 1));
        await pending.WaitAsync(Limit);
        var second = updates.Current;
        _view.TryPublish(Rows.Active(2, 1, 2));
        _view.TryPublish(Rows.Active(3, 1, 2, 3));
        await updates.MoveNextAsync().AsTask().WaitAsync(Limit);

        Assert.Empty(first.Members);
        Assert.Equal(new MembershipVersion(1), second.Version);
        Assert.Equal(new MembershipVersion(3), updates.Current.Version);
    }

    [Fact]
    public void Changed_SiloNoLongerListed_CountsAsDead()
    {
        var changes = new List<(SiloAddress, SiloStatus)>();
        _view.Changed += update => changes.AddRange(update.Changes.Select(change => (change.SiloAddress, change.Status)));

        _view.TryPublish(Rows.Active(1, 1, 2));
        changes.Clear();
        _view.TryPublish(Rows.Active(2, 1));

        Assert.Equal([(Rows.Silo(2), SiloStatus.Dead)], changes);
    }

    [Fact]
    public void GetSiloStatus_ReplacedAtEndpoint_IsDead()
    {
        var snapshot = Rows.Snapshot(1, (Rows.Silo(1, 5), SiloStatus.Active));

        Assert.Equal(SiloStatus.Dead, snapshot.GetSiloStatus(Rows.Silo(1, 4)));
        Assert.Equal(SiloStatus.None, snapshot.GetSiloStatus(Rows.Silo(1, 6)));
        Assert.Equal(SiloStatus.None, snapshot.GetSiloStatus(Rows.Silo(2)));
    }

    [Fact]
    public void SiloStatusOracle_ListenerThrows_OthersAreTold()
    {
        var oracle = new SiloStatusOracle(_view, new FakeSilo(1), NullLogger<SiloStatusOracle>.Instance);
        var listener = new Listener();
        oracle.SubscribeToSiloStatusEvents(new FailingListener());
        oracle.SubscribeToSiloStatusEvents(listener);
        var isAddedTwice = oracle.SubscribeToSiloStatusEvents(listener);

        _view.TryPublish(Rows.Active(1, 2));
        oracle.UnSubscribeFromSiloStatusEvents(listener);
        _view.TryPublish(Rows.Active(2, 2, 3));

        Assert.False(isAddedTwice);
        Assert.Equal([(Rows.Silo(2), SiloStatus.Active)], listener.Seen);
    }

    private sealed class Listener : ISiloStatusListener
    {
        public List<(SiloAddress, SiloStatus)> Seen { get; } = [];

        public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status) => Seen.Add((updatedSilo, status));
    }

    private sealed class FailingListener : ISiloStatusListener
    {
        public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status) =>
            throw new InvalidOperationException("failing listener");
    }
}
