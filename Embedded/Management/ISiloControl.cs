namespace Orleans.Runtime.Management;

/// <summary>What silos tell each other about themselves.</summary>
[Alias("orleans.ISiloControl")]
internal interface ISiloControl : ISystemTarget
{
    /// <summary>Properties of a grain class; null if the silo does not host it.</summary>
    [Alias("GetGrainProperties")]
    Task<Dictionary<string, string>?> GetGrainPropertiesAsync(GrainType grainType);

    /// <summary>The grain classes that the silo hosts.</summary>
    [Alias("GetGrainClasses")]
    Task<GrainClassEntry[]> GetGrainClassesAsync();

    /// <summary>How loaded the silo is.</summary>
    [Alias("GetLoad")]
    Task<SiloLoad> GetLoadAsync();

    /// <summary>Activations by class.</summary>
    [Alias("GetStatistics")]
    Task<SimpleGrainStatistic[]> GetStatisticsAsync();

    /// <summary>Active grains of the named classes; null: of all.</summary>
    [Alias("GetDetailedStatistics")]
    Task<DetailedGrainStatistic[]> GetDetailedStatisticsAsync(string[]? classes);

    /// <summary>How the silo is.</summary>
    [Alias("GetRuntimeStatistics")]
    Task<SiloRuntimeStatistics> GetRuntimeStatisticsAsync();

    /// <summary>How many activations the silo has of a grain.</summary>
    [Alias("CountActivations")]
    Task<int> CountActivationsAsync(GrainId grain);

    /// <summary>Active grains of a type.</summary>
    [Alias("GetActiveGrains")]
    Task<List<GrainId>> GetActiveGrainsAsync(GrainType grainType);

    /// <summary>Ends activations that are idle for at least the age, and completes when they have ended.</summary>
    [Alias("Collect")]
    Task CollectAsync(TimeSpan age);

    /// <summary>Collects garbage.</summary>
    [Alias("CollectGarbage")]
    Task CollectGarbageAsync();
}
