using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Conformance.Clusters;

/// <summary>What every silo of the suite has: memory storage, and logs for errors only.</summary>
public sealed class DefaultSilo : ISiloConfigurator
{
    public const string OtherStorage = "other";

    public void Configure(ISiloBuilder siloBuilder)
    {
        siloBuilder.AddMemoryGrainStorageAsDefault();
        siloBuilder.AddMemoryGrainStorage(OtherStorage);
        siloBuilder.ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Error));
    }
}
