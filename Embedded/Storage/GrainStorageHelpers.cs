using System.Reflection;
using Orleans.Providers;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>Finds the storage of a grain class.</summary>
internal static class GrainStorageHelpers
{
    /// <summary>The storage that <see cref="StorageProviderAttribute"/> names, or the default one.</summary>
    /// <exception cref="BadProviderConfigException">There is none.</exception>
    public static IGrainStorage GetGrainStorage(IGrainContext context, Type grainType) =>
        PersistentStateFactory.GetStorage(context, grainType.GetCustomAttribute<StorageProviderAttribute>()?.ProviderName);
}
