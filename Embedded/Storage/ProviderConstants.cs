namespace Orleans.Providers;

/// <summary>Well-known names of providers.</summary>
public static class ProviderConstants
{
    /// <summary>The storage of grains that name none.</summary>
    public const string DEFAULT_STORAGE_PROVIDER_NAME = "Default";
}
