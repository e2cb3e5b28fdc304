using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Management;
using Orleans.Runtime.Placement;

namespace Orleans.Runtime;

/// <summary>Asks the membership table and the silos. Holds nothing, so requests may interleave.</summary>
[GrainType("sys.management"), PreferLocalPlacement, Reentrant]
internal sealed class ManagementGrain(IMembershipTable table, Func<SiloAddress, ISiloControl> silos, IGrainLocator locator, ILocalGrainTypes localTypes)
    : Grain, IManagementGrain
{
    public async Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false) =>
        (await GetDetailedHosts(onlyActive)).ToDictionary(entry => entry.SiloAddress, entry => entry.Status);

    public async Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false)
    {
        var data = await table.ReadAll();
        return [.. data.Members.Select(row => row.Item1).Where(entry => !onlyActive || entry.Status == SiloStatus.Active)];
    }

    public async Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics(SiloAddress[] hostsIds) =>
        [.. (await AskAsync(hostsIds, silo => silo.GetStatisticsAsync())).SelectMany(statistics => statistics)];

    public async Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics() => await GetSimpleGrainStatistics(await GetActiveSilosAsync());

    public async Task<DetailedGrainStatistic[]> GetDetailedGrainStatistics(string[]? types = null, SiloAddress[]? hostsIds = null) =>
        [.. (await AskAsync(hostsIds ?? await GetActiveSilosAsync(), silo => silo.GetDetailedStatisticsAsync(types))).SelectMany(statistics => statistics)];

    public Task<SiloRuntimeStatistics[]> GetRuntimeStatistics(SiloAddress[] hostsIds) => AskAsync(hostsIds, silo => silo.GetRuntimeStatisticsAsync());

    public async Task<int> GetGrainActivationCount(GrainReference grainReference) =>
        (await AskAsync(await GetActiveSilosAsync(), silo => silo.CountActivationsAsync(grainReference.GrainId))).Sum();

    public async Task<int> GetTotalActivationCount() => (await GetSimpleGrainStatistics()).Sum(statistic => statistic.ActivationCount);

    public Task ForceActivationCollection(SiloAddress[] hostsIds, TimeSpan ageLimit) =>
        Task.WhenAll(hostsIds.Select(silo => silos(silo).CollectAsync(ageLimit)));

    public async Task ForceActivationCollection(TimeSpan ageLimit) => await ForceActivationCollection(await GetActiveSilosAsync(), ageLimit);

    public Task ForceGarbageCollection(SiloAddress[] hostsIds) => Task.WhenAll(hostsIds.Select(silo => silos(silo).CollectGarbageAsync()));

    public async ValueTask<SiloAddress?> GetActivationAddress(IAddressable reference)
    {
        var grain = reference.GetGrainId();
        return localTypes.IsInDirectory(grain.Type)
            ? (await locator.LookupAsync(grain, CancellationToken.None))?.SiloAddress
            : throw new InvalidOperationException($"Grain {grain} is a stateless worker. It is in no directory, and may be on any silo.");
    }

    public async ValueTask<List<GrainId>> GetActiveGrains(GrainType grainType) =>
        [.. (await AskAsync(await GetActiveSilosAsync(), silo => silo.GetActiveGrainsAsync(grainType))).SelectMany(grains => grains).Distinct()];

    private async Task<SiloAddress[]> GetActiveSilosAsync() => [.. (await GetDetailedHosts(onlyActive: true)).Select(entry => entry.SiloAddress)];

    private Task<T[]> AskAsync<T>(SiloAddress[] targets, Func<ISiloControl, Task<T>> question) =>
        Task.WhenAll(targets.Select(silo => question(silos(silo))));
}
