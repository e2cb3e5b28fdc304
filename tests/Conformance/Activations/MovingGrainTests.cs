using Dpark.Conformance.Clusters;
using Orleans.Core.Internal;

namespace Dpark.Conformance.Activations;

/// <summary>Grains whose activations come and go while every silo has their addresses in its cache.</summary>
[Collection(SharedClusterCollection.Name)]
public sealed class MovingGrainTests(SharedCluster cluster)
{
    [Fact]
    public async Task MovedGrain_CallersWithOldAddress_ReachTheNewActivation()
    {
        var key = TestKeys.New();
        var callers = await PlaceCallersAsync();
        for (var round = 0; round < 6; round++)
        {
            var home = cluster.Silos[round % cluster.Silos.Length];
            var first = await Placed.OnAsync(home, Grain(key).VisitAsync).Within($"the first call of round {round}");

            var visits = await Task.WhenAll(callers.Select(caller => caller.CallAsync([key], 1))).Within($"the calls of round {round}");
            await Grain(key).DeactivateAsync().Within($"the deactivation of round {round}");

            Assert.True(Differences.MovedGrainsMayReturn || home.Equals(first.Silo), $"Placed on {first.Silo} in round {round} instead of {home}.");
            Assert.All(visits, visit => Assert.Equal((first.Activation, first.Silo), (visit[0].Activation, visit[0].Silo)));
        }
    }

    [Fact]
    public async Task DeactivationsUnderLoad_FromEverySilo_LoseAndDuplicateNoCall()
    {
        const int rounds = 40;
        string[] keys = [.. Enumerable.Range(0, 10).Select(_ => TestKeys.New())];
        var callers = await PlaceCallersAsync();
        var visits = new List<Visit>();

        for (var round = 0; round < rounds; round++)
        {
            var calls = callers.Select(caller => caller.CallAsync([.. keys], 2)).ToArray();
            var deactivations = keys
                .Where((_, i) => i % 4 == round % 4)
                .Select(key => Grain(key).Cast<IGrainManagementExtension>().DeactivateOnIdle().AsTask());
            await Task.WhenAll(deactivations).Within($"the deactivations of round {round}");
            visits.AddRange((await Task.WhenAll(calls).Within($"the calls of round {round}")).SelectMany(list => list));
        }

        Assert.Equal(rounds * callers.Length * keys.Length * 2, visits.Count);
        foreach (var activation in visits.GroupBy(visit => visit.Activation))
        {
            Assert.Equal(Enumerable.Range(1, activation.Count()), activation.Select(visit => visit.Count).Order());
        }
    }

    private ILifetimeGrain Grain(string key) => cluster.Client.GetGrain<ILifetimeGrain>(key, typeof(LifetimeGrain).FullName);

    private async Task<ICrowdCallerGrain[]> PlaceCallersAsync()
    {
        var callers = new List<ICrowdCallerGrain>();
        foreach (var silo in cluster.Silos)
        {
            var caller = cluster.Client.GetGrain<ICrowdCallerGrain>(TestKeys.New("crowd"));
            await Placed.OnAsync(silo, () => caller.CallAsync([], 0)).Within("placing a caller");
            callers.Add(caller);
        }

        return [.. callers];
    }
}
