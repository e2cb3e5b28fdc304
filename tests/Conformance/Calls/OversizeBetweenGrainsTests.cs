using Dpark.Conformance.Clusters;
using Orleans.Runtime;

namespace Dpark.Conformance.Calls;

/// <summary>Too much between grains. In a cluster of its own, because what <see cref="OversizeTests"/> sends may break connections for seconds.</summary>
public sealed class OversizeBetweenGrainsTests(SmallMessageCluster cluster) : IClassFixture<SmallMessageCluster>
{
    private const int Small = SmallMessageCluster.MaxBodyBytes / 2;
    private const int TooLarge = SmallMessageCluster.MaxBodyBytes + 1;

    [Fact]
    public async Task TooLargeBody_BetweenGrains_IsSiloUnavailableAndTheClusterGoesOn()
    {
        var (caller, other) = (cluster.Client.GetGrain<IBulkGrain>(TestKeys.New()), TestKeys.New());
        await Placed.OnAsync(cluster.Silos[0], () => caller.ExchangeAsync([1], 1)).Within("placing the caller");
        await Placed.OnAsync(cluster.Silos[1], () => cluster.Client.GetGrain<IBulkGrain>(other).ExchangeAsync([1], 1)).Within("placing the callee");

        var failure = await caller.RelayAsync(other, TooLarge, 1).Within("the exchange of too much");
        var after = await RelayLessAsync(caller, other).Within("an exchange of less");

        Assert.Equal(nameof(SiloUnavailableException), failure);
        Assert.Equal($"{Small}", after);
    }

    [Fact]
    public async Task TooLargeBody_WithinOneSilo_IsNoMessage()
    {
        var (caller, other) = (cluster.Client.GetGrain<IBulkGrain>(TestKeys.New()), TestKeys.New());
        await Placed.OnAsync(cluster.Silos[0], () => caller.ExchangeAsync([1], 1)).Within("placing the caller");
        await Placed.OnAsync(cluster.Silos[0], () => cluster.Client.GetGrain<IBulkGrain>(other).ExchangeAsync([1], 1)).Within("placing the callee");

        Assert.Equal($"{TooLarge}", await caller.RelayAsync(other, TooLarge, TooLarge).Within("an exchange within the silo"));
    }

    private static async Task<string> RelayLessAsync(IBulkGrain caller, string other)
    {
        while (true)
        {
            var answer = await caller.RelayAsync(other, Small, Small);
            if (answer == $"{Small}" || !Differences.TooLargeMessagesAreSentAgain)
            {
                return answer;
            }
        }
    }
}
