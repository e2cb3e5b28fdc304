namespace Orleans.Configuration;

/// <summary>Grain storage in the memory of silos.</summary>
public class MemoryGrainStorageOptions
{
    /// <summary>10.</summary>
    public const int NumStorageGrainsDefaultValue = 10;

    /// <summary>Stage at which the storage starts. Default: <see cref="ServiceLifecycleStage.ApplicationServices"/>.</summary>
    public const int DEFAULT_INIT_STAGE = ServiceLifecycleStage.ApplicationServices;

    /// <summary>Over how many grains states are spread. At least 1. Default: 10.</summary>
    public int NumStorageGrains { get; set; } = NumStorageGrainsDefaultValue;

    /// <summary>Stage at which the storage starts. Default: 10,000.</summary>
    public int InitStage { get; set; } = DEFAULT_INIT_STAGE;
}
