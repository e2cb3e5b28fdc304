using Dpark.Conformance.Clusters;
using Dpark.Conformance.Serialization;
using Dpark.Conformance.Signals;

namespace Dpark.Conformance.Activations;

[Collection(SharedClusterCollection.Name)]
public sealed class ActivationTests(SharedCluster cluster)
{
    [Fact]
    public async Task OnActivateAsync_Throws_EveryWaitingCallerGetsTheException()
    {
        var key = TestKeys.New();

        var answers = await cluster.Client.GetGrain<IFragileCallerGrain>(key).CallAsync(key, 10).Within("ten calls");

        Assert.Equal(Enumerable.Repeat($"{nameof(OrderFailedException)} 7 {key} is not allowed", 10), answers);
    }

    [Fact]
    public async Task OnActivateAsync_Threw_NextCallTriesAgain()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<IFragileGrain>(key);
        var journal = cluster.Client.GetGrain<IJournalGrain>(key);

        var exception = await grain.PingAsync().FailureWithin("the first call");
        await journal.AppendAsync("allowed").Within("the permission");
        var answer = await grain.PingAsync().Within("the second call");

        Assert.Equal(7, Assert.IsType<OrderFailedException>(exception).Number);
        Assert.Equal("alive", answer);
        Assert.Equal(["attempt", "allowed", "attempt"], await journal.ReadAsync().Within("the journal"));
    }

    [Fact]
    public async Task Constructor_Throws_CallerGetsTheExceptionAsInnerOne()
    {
        var exception = await cluster.Client.GetGrain<IBrokenGrain>(TestKeys.New()).PingAsync().FailureWithin("the call");

        Assert.Equal(8, Assert.IsType<OrderFailedException>(Assert.IsType<InvalidOperationException>(exception).InnerException).Number);
    }

    [Fact]
    public async Task LifecycleStages_OfAnActivation_AscendAndDescend()
    {
        var key = TestKeys.New();

        await cluster.Client.GetGrain<IStagedGrain>(key).DeactivateAsync().Within("the call that activates and deactivates");
        var entries = await cluster.Client.GetGrain<IJournalGrain>(key).WaitForAsync(8).Within("the stages");

        string[] expected =
        [
            "start -2147483648", "start 1000", "start 2001", "activate",
            "deactivate ApplicationError as the test wants", "stop 2001", "stop 1000", "stop -2147483648",
        ];
        Assert.Equal(expected, entries);
    }

    [Fact]
    public async Task FirstCalls_FromEverySiloAtOnce_GiveOneActivation()
    {
        const int keyCount = 60;
        string[] keys = [.. Enumerable.Range(0, keyCount).Select(_ => TestKeys.New())];
        var callers = new List<ICrowdCallerGrain>();
        foreach (var silo in cluster.Silos)
        {
            var caller = cluster.Client.GetGrain<ICrowdCallerGrain>(TestKeys.New("crowd"));
            await Placed.OnAsync(silo, () => caller.CallAsync([], 0)).Within("placing a caller");
            callers.Add(caller);
        }

        var fromSilos = callers.Select(caller => caller.CallAsync([.. keys], 3));
        var fromClient = keys.Select(async key => new List<Visit> { await Grain(key).VisitAsync() });
        var visits = (await Task.WhenAll(fromSilos.Concat(fromClient)).Within("all calls")).SelectMany(list => list).ToList();

        Assert.Equal(keyCount * 10, visits.Count);
        Assert.Equal(keyCount, visits.Select(visit => visit.Activation).Distinct().Count());
        Assert.Equal(Enumerable.Repeat(10, keyCount), visits.GroupBy(visit => visit.Activation).Select(group => group.Max(visit => visit.Count)));
    }

    private ILifetimeGrain Grain(string key) => cluster.Client.GetGrain<ILifetimeGrain>(key, typeof(LifetimeGrain).FullName);
}
