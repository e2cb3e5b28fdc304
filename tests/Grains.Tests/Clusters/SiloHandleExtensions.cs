using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace Dpark.Clusters;

/// <summary>Calls from inside a silo, which hears of dead silos at once; a client outside learns of them by its timeout.</summary>
internal static class SiloHandleExtensions
{
    public static IMasterGrain GetMaster(this SiloHandle silo) =>
        ((InProcessSiloHandle)silo).ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IMasterGrain>(IMasterGrain.Key);
}
