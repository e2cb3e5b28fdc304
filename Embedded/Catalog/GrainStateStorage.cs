using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core;
using Orleans.Providers;

namespace Orleans.Runtime;

/// <summary>The state of grains that derive from <see cref="Grain{TGrainState}"/>.</summary>
internal static class GrainStateStorage
{
    private const string StateName = "state";

    public static IStorage<TGrainState> Create<TGrainState>(IGrainContext context, IServiceProvider services)
    {
        var type = ((Activation)context).Class.Type;
        var storage = type.GetCustomAttribute<StorageProviderAttribute>(inherit: true)?.ProviderName;
        return services.GetRequiredService<IPersistentStateFactory>().Create<TGrainState>(context, new State(storage));
    }

    private sealed record State(string? StorageName) : IPersistentStateConfiguration
    {
        public string StateName => GrainStateStorage.StateName;
    }
}
