using System.Security.Cryptography;
using Dpark.Clusters;
using Dpark.Configuration;
using Dpark.Hosting;
using Dpark.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark;

/// <summary>Runs jobs without a cluster: a silo with one worker in this process.</summary>
public static class LocalDparkContext
{
    private const int SecretBytes = 32;
    private const string SystemRandom = "/dev/urandom";

    extension(DparkContext)
    {
        /// <summary>Starts a silo with one worker in this process, and a context that owns it. Everything is the same as on a cluster, also that code and data travel as bytes.</summary>
        /// <remarks>
        /// Takes some tenths of a second; several may run at once. Every port that it opens is on loopback. Disposing the context stops the silo and deletes its files.
        /// </remarks>
        /// <param name="options"><see langword="null"/> for the defaults. Must not be used by two starts at once: each sets the secret of its client.</param>
        /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">Options are out of their ranges; the message names all of them.</exception>
        /// <exception cref="IOException">No work directory can be used.</exception>
        /// <example><code>await using var dpark = await DparkContext.LocalAsync();</code></example>
        public static async Task<DparkContext> LocalAsync(LocalOptions? options = null, CancellationToken cancellationToken = default)
        {
            var rehearsal = Rehearsal.Begin();
            var host = BuildHost(options ?? new LocalOptions(), rehearsal, out var client);
            var owner = new LocalHost(host);
            try
            {
                await owner.StartAsync(cancellationToken).ConfigureAwait(false);
                var context = new DparkContext(host.Services.GetRequiredService<IClusterClient>(), client, isLocal: true, rehearsal?.Code) { Owner = owner };
                try
                {
                    await context.WaitForWorkersAsync(cancellationToken).ConfigureAwait(false);
                    return context;
                }
                catch
                {
                    await context.DisposeAsync().ConfigureAwait(false);
                    throw;
                }
            }
            catch
            {
                await owner.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private static LocalServiceHost BuildHost(LocalOptions options, Rehearsal? rehearsal, out DparkClientOptions client)
    {
        var services = new ServiceCollection();
        services.AddSingleton<LocalHostLifetime>();
        services.AddSingleton<IHostApplicationLifetime>(provider => provider.GetRequiredService<LocalHostLifetime>());
        services.AddSingleton<IHostEnvironment>(_ => new LocalHostEnvironment(options.Client.ApplicationName));
        QuietHost.AddLogging(services, options.Loggers, options.MinimumLogLevel);

        // With the embedded runtime, the silo opens no port: nobody but this process calls it.
        services.AddSingleton<IConfiguration>(new LocalConfiguration());
        var secret = NewSecret();
        client = options.Client;
        client.ClusterSecret = secret;
        var cluster = $"local-{LowerHex.NewUnique()}";
        var (siloPort, gatewayPort) = LocalPorts.Find();
        services.AddOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort, primarySiloEndpoint: null, serviceId: cluster, clusterId: cluster);
            silo.Configure<SiloOptions>(o => o.SiloName = "local");
            silo.AddDparkWorker(worker => Configure(worker, options, secret));
        });
        if (rehearsal is not null)
        {
            services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(rehearsal);
        }

        return new LocalServiceHost(services.BuildServiceProvider());
    }

    private static void Configure(DparkWorkerOptions worker, LocalOptions options, string secret)
    {
        worker.IsLocal = true;
        worker.Executor.SlotCount = options.SlotCount;
        worker.Security.ClusterSecret = secret;
        foreach (var root in options.WorkDirectories)
        {
            worker.WorkDirectory.Roots.Add(root);
        }

        if (options.CacheBytes is { } bytes)
        {
            worker.Cache.MaxBytes = bytes;
        }

        options.ConfigureWorker?.Invoke(worker);
    }

    /// <summary>32 random bytes. On Linux they are asked of the system, where the cryptographic library gets its own from: to load that takes as long as all else before the silo.</summary>
    private static string NewSecret()
    {
        Span<byte> bytes = stackalloc byte[SecretBytes];
        if (OperatingSystem.IsLinux() && File.Exists(SystemRandom))
        {
            using var source = new FileStream(SystemRandom, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            source.ReadExactly(bytes);
        }
        else
        {
            RandomNumberGenerator.Fill(bytes);
        }

        return LowerHex.Of(bytes);
    }
}
