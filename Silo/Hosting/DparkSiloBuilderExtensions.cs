using Dpark.Placement;
using Dpark.Security;
using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Dpark.Hosting;

/// <summary>Adds a worker to a silo.</summary>
public static class DparkSiloBuilderExtensions
{
    private const string Section = "Dpark";

    /// <summary>
    /// Makes the silo a worker: it runs tasks, keeps and serves their data, and takes part in keeping track of workers and applications. Called on every silo of
    /// the cluster; a further call on the same silo only adds its configuration.
    /// </summary>
    /// <param name="configure">Changes options after they were bound from the configuration section <c>Dpark</c>.</param>
    /// <remarks>A certificate in the section <c>Dpark:Security:Tls</c> is loaded now, see <see cref="DparkTlsSiloBuilderExtensions.UseDparkTls"/>. Options are checked before the silo joins the cluster; <see cref="OptionsValidationException"/> names all errors at once.</remarks>
    public static ISiloBuilder AddDparkWorker(this ISiloBuilder builder, Action<DparkWorkerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var isFirst = !services.Any(service => service.ServiceType == typeof(WorkerHost));
        var options = services.AddOptions<DparkWorkerOptions>();
        if (isFirst)
        {
            var section = builder.Configuration.GetSection(Section);
            options.Configure(bound => SectionBinder.Bind(section, bound)).ValidateOnStart();
            services.AddSingleton<IValidateOptions<DparkWorkerOptions>, DparkWorkerOptionsValidator>();
            services.AddSingleton<IValidateOptions<DparkWorkerOptions>, WorkerReachValidator>();
            services.AddDparkContracts();
            services.AddSerializer(serializer => serializer.AddAssembly(typeof(LocalWorker).Assembly));
            services.TryAddSingleton(TimeProvider.System);
            services.AddSingleton<LocalWorker>();
            services.AddSingleton<WorkerBroadcaster>();
            services.AddSingleton<WorkerHost>();
            services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<WorkerHost>());
            builder.AddPlacementDirector<WorkerPlacement, WorkerPlacementDirector>();
            if (!services.Any(service => service.ServiceType == typeof(ClusterTls)))
            {
                builder.UseDparkTls();
            }
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        return builder;
    }
}
