using Dpark.Conformance.Clusters;

namespace Dpark.Conformance.Scheduling;

[Collection(SharedClusterCollection.Name)]
public sealed class TurnTests(SharedCluster cluster)
{
    [Fact]
    public async Task Turns_OfManyReentrantCalls_NeverMeet()
    {
        var grain = cluster.Client.GetGrain<ITurnGrain>(TestKeys.New());

        var meetings = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => grain.AddAsync(200))).Within("32 calls of 200 turns");

        Assert.Equal(0, meetings.Max());
        Assert.Equal(32 * 200, await grain.TotalAsync().Within("the total"));
    }

    [Fact]
    public async Task Await_InsideGrain_ReturnsToItsScheduler()
    {
        var schedulers = await cluster.Client.GetGrain<ITurnGrain>(TestKeys.New()).SchedulersAsync().Within("the schedulers");

        Assert.Equal([true, true, false, true, true], schedulers);
    }
}
