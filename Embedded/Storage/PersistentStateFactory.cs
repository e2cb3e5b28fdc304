using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>Makes states of activations and has them read when these start.</summary>
internal sealed class PersistentStateFactory : IPersistentStateFactory
{
    public IPersistentState<TState> Create<TState>(IGrainContext context, IPersistentStateConfiguration config)
    {
        var state = new PersistentState<TState>(config.StateName, context, GetStorage(context, config.StorageName));
        context.ObservableLifecycle.Subscribe<PersistentState<TState>>(GrainLifecycleStage.SetupState, state.ReadStateAsync);
        return state;
    }

    /// <exception cref="BadProviderConfigException">No storage has the name.</exception>
    public static IGrainStorage GetStorage(IGrainContext context, string? name)
    {
        var key = string.IsNullOrEmpty(name) ? ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME : name;
        return context.ActivationServices.GetKeyedService<IGrainStorage>(key)
            ?? throw new BadProviderConfigException(
                key == ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME
                    ? $"No default storage provider found loading grain type {context.GrainId.Type}. "
                        + "Add one to the silo, such as AddMemoryGrainStorageAsDefault."
                    : $"No storage provider named \"{key}\" found loading grain type {context.GrainId.Type}. "
                        + "Add one with that name to the silo, such as AddMemoryGrainStorage.");
    }
}
