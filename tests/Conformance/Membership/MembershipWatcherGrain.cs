using Dpark.Conformance.Clusters;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Membership;

/// <summary>Says what its silo knows of the others, wherever that silo runs.</summary>
[Alias("conformance.IMembershipWatcherGrain")]
public interface IMembershipWatcherGrain : IGrainWithStringKey
{
    /// <summary>Where this grain is.</summary>
    [Alias("Where")]
    Task<SiloAddress?> WhereAsync();

    /// <summary>Completes when this silo has seen another in a status or a later one.</summary>
    [AlwaysInterleave, Alias("WaitForStatus")]
    Task WaitForStatusAsync(SiloAddress silo, SiloStatus status);
}

[GrainType("conformance.membership-watcher"), RandomPlacement]
public sealed class MembershipWatcherGrain(IClusterMembershipService membership) : Grain, IMembershipWatcherGrain
{
    /// <summary>A watcher on a silo. Until the silo that places it knows that silo, it comes to be on another, and is dropped.</summary>
    public static async Task<IMembershipWatcherGrain> OnAsync(IGrainFactory grains, SiloAddress silo)
    {
        while (true)
        {
            var watcher = grains.GetGrain<IMembershipWatcherGrain>(TestKeys.New("watcher"));
            try
            {
                if (silo.Equals(await Placed.OnAsync(silo, watcher.WhereAsync)))
                {
                    return watcher;
                }
            }
            catch (OrleansException)
            {
                // The lost silo held the directory's entry, and nobody knows yet that it is lost.
            }
        }
    }

    public Task<SiloAddress?> WhereAsync() => Task.FromResult(GrainContext.Address.SiloAddress);

    public async Task WaitForStatusAsync(SiloAddress silo, SiloStatus status)
    {
        await foreach (var snapshot in membership.MembershipUpdates)
        {
            if (snapshot.GetSiloStatus(silo) >= status)
            {
                return;
            }
        }
    }
}
