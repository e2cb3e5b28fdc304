using Dpark.Tasks;
using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Dpark.Hosting;

/// <summary>Makes the messages of the engine known to the serializer of a silo or client.</summary>
internal static class DparkSerializerExtensions
{
    /// <remarks>
    /// The official runtime looks for assemblies when Orleans is added: among those that the program's dependency file names, and those that are loaded. In a
    /// program without such a file, the engine's are not loaded yet at that time.
    /// </remarks>
    public static void AddDparkContracts(this IServiceCollection services) => services.AddSerializer(serializer => serializer
        .AddAssembly(typeof(IWorkerGrain).Assembly)
        .AddAssembly(typeof(TaskMetrics).Assembly));
}
