namespace Orleans.Runtime;

/// <summary>Tells about the cluster. Use key 0.</summary>
[Alias("orleans.IManagementGrain")]
public interface IManagementGrain : IGrainWithIntegerKey
{
    /// <summary>Silos and their status, from the membership table.</summary>
    [Alias("GetHosts")]
    Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false);

    /// <summary>Rows of the membership table.</summary>
    [Alias("GetDetailedHosts")]
    Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false);

    /// <summary>Activations by class on the given silos.</summary>
    [Alias("GetSimpleGrainStatisticsOf")]
    Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics(SiloAddress[] hostsIds);

    /// <summary>Activations by class on all active silos.</summary>
    [Alias("GetSimpleGrainStatistics")]
    Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics();

    /// <summary>Active grains.</summary>
    /// <param name="types">Full names of classes; <see langword="null"/>: all.</param>
    /// <param name="hostsIds">The silos to ask; <see langword="null"/>: all active ones.</param>
    [Alias("GetDetailedGrainStatistics")]
    Task<DetailedGrainStatistic[]> GetDetailedGrainStatistics(string[]? types = null, SiloAddress[]? hostsIds = null);

    /// <summary>How each of the given silos is, in their order.</summary>
    [Alias("GetRuntimeStatistics")]
    Task<SiloRuntimeStatistics[]> GetRuntimeStatistics(SiloAddress[] hostsIds);

    /// <summary>How many activations a grain has on all active silos.</summary>
    [Alias("GetGrainActivationCount")]
    Task<int> GetGrainActivationCount(GrainReference grainReference);

    /// <summary>How many activations there are on all active silos.</summary>
    [Alias("GetTotalActivationCount")]
    Task<int> GetTotalActivationCount();

    /// <summary>Ends activations on the given silos that are idle for at least the age.</summary>
    [Alias("ForceActivationCollectionOf")]
    Task ForceActivationCollection(SiloAddress[] hostsIds, TimeSpan ageLimit);

    /// <summary>Ends activations on all active silos that are idle for at least the age.</summary>
    [Alias("ForceActivationCollection")]
    Task ForceActivationCollection(TimeSpan ageLimit);

    /// <summary>Makes the given silos collect garbage.</summary>
    [Alias("ForceGarbageCollection")]
    Task ForceGarbageCollection(SiloAddress[] hostsIds);

    /// <summary>The silo on which a grain is active. Null: on none.</summary>
    /// <exception cref="InvalidOperationException">It is a stateless worker.</exception>
    [Alias("GetActivationAddress")]
    ValueTask<SiloAddress?> GetActivationAddress(IAddressable reference);

    /// <summary>Active grains of a type on all active silos.</summary>
    [Alias("GetActiveGrains")]
    ValueTask<List<GrainId>> GetActiveGrains(GrainType grainType);
}
