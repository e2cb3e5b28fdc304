using System.Net;
using System.Net.Sockets;
using Dpark.Clusters;
using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Hosting;

/// <summary>Runs a silo with a worker until the process is asked to end.</summary>
internal static class SiloProgram
{
    /// <summary>Exit code for settings that cannot be used.</summary>
    public const int WrongInput = 2;

    /// <summary>The environment variable with the password of Redis.</summary>
    public const string RedisPasswordVariable = "DPARK_REDIS_PASSWORD";

    // Of the memory of a worker. The rest is for objects of user code, for what is on its way, and for the runtime.
    private const double BudgetShare = 0.6;
    private const double CacheShare = 0.4;

    /// <summary>Starts the silo and waits for SIGTERM or Ctrl-C, upon which it drains and stops.</summary>
    /// <param name="output">Gets one line when the silo is ready.</param>
    /// <param name="error">Gets one line per thing that is wrong. The silo's log goes to standard error.</param>
    /// <param name="cancellationToken">Stops it, too.</param>
    /// <param name="onStarted">Called when the silo runs.</param>
    /// <returns>0, or <see cref="WrongInput"/> if it could not start.</returns>
    public static async Task<int> RunAsync(
        SiloSettings settings, TextWriter output, TextWriter error, CancellationToken cancellationToken, Action? onStarted = null)
    {
        var problems = await StartChecks.FindProblemsAsync(settings, cancellationToken).ConfigureAwait(false);
        if (problems.Count > 0)
        {
            return await ComplainAsync(error, problems).ConfigureAwait(false);
        }

        var primary = settings.Primary is { } endpoint ? await endpoint.ResolveAsync(cancellationToken).ConfigureAwait(false) : null;
        var (started, failures) = await StartAsync(settings, primary, cancellationToken).ConfigureAwait(false);
        if (started is null)
        {
            return await ComplainAsync(error, failures).ConfigureAwait(false);
        }

        using var host = started;
        await output.WriteLineAsync(ReadyLine(settings, host.Services)).ConfigureAwait(false);
        onStarted?.Invoke();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (settings.IsStandIn)
        {
            EndWithStandardInput(end);
        }

        await host.WaitForShutdownAsync(end.Token).ConfigureAwait(false);
        return 0;
    }

    /// <summary>Writes what is wrong, a line each.</summary>
    /// <returns><see cref="WrongInput"/>.</returns>
    public static async Task<int> ComplainAsync(TextWriter error, IEnumerable<string> messages)
    {
        foreach (var message in messages)
        {
            await error.WriteLineAsync(message.ReplaceLineEndings(" ")).ConfigureAwait(false);
        }

        return WrongInput;
    }

    private static void EndWithStandardInput(CancellationTokenSource end)
    {
        // Not an asynchronous read: that of the console blocks, too.
        var thread = new Thread(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            try
            {
                end.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has been told to end otherwise.
            }
        })
        { IsBackground = true, Name = "dpark-stand-in" };
        thread.Start();
    }

    /// <returns>The host that runs, or what is wrong.</returns>
    private static async Task<(IHost? Host, IEnumerable<string> Failures)> StartAsync(SiloSettings settings, IPEndPoint? primary, CancellationToken cancellationToken)
    {
        IHost? host = null;
        try
        {
            host = Build(settings, primary);
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            return (host, []);
        }
        catch (Exception e)
        {
            if (host is not null)
            {
                await HostEnd.EndAsync(host, isStarted: false).ConfigureAwait(false);
            }

            return e switch
            {
                OptionsValidationException validation => (null, validation.Failures),
                IOException or UnauthorizedAccessException or InvalidOperationException or OrleansException or SocketException => (null, [e.Message]),
                _ => throw new InvalidOperationException($"The silo could not start: {e.Message}", e),
            };
        }
    }

    private static string ReadyLine(SiloSettings settings, IServiceProvider services)
    {
        var worker = services.GetRequiredService<WorkerHost>().Info!;
        return $"Silo {new IPEndPoint(settings.Address, settings.Port)} of cluster '{settings.ClusterId}' is ready: " +
            $"gateway {new IPEndPoint(settings.Address, settings.GatewayPort)}, {worker.SlotCount} slots, blocks at {worker.BlockEndpoint}.";
    }

    private static IHost Build(SiloSettings settings, IPEndPoint? primary)
    {
        var builder = Host.CreateApplicationBuilder();

        // Standard output is for the line that says that the silo is ready.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.UseOrleans(silo =>
        {
            if (settings.Redis is { } redis)
            {
                silo.UseRedisClustering(RedisConnectionString.Write(redis, Environment.GetEnvironmentVariable(RedisPasswordVariable)))
                    .ConfigureEndpoints(settings.Address, settings.Port, settings.GatewayPort);
            }
            else
            {
                silo.UseLocalhostClustering(settings.Port, settings.GatewayPort, primary);
            }

            // Not as arguments above: those leave the ids as they are when they name the development cluster.
            silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (settings.ClusterId, settings.ClusterId));

            if (settings.Tls is { } tls)
            {
                silo.UseDparkTls(tls.CopyTo);
            }

            silo.Configure<ClusterMembershipOptions>(builder.Configuration.GetSection("Orleans:ClusterMembership"));
#pragma warning disable ORLEANSEXP003 // With the directory that is the default of the official runtime, activations end when another silo leaves.
            silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
            silo.Services.AddSingleton<IStandInStarter>(provider => new StandInProcess(settings, provider.GetRequiredService<ILogger<StandInProcess>>()));
            silo.AddDparkWorker(options => Apply(settings, options));
        });
        return builder.Build();
    }

    private static void Apply(SiloSettings settings, DparkWorkerOptions options)
    {
        if (!IPAddress.IsLoopback(settings.Address))
        {
            options.BlockServer.ListenHost = settings.Address.ToString();
        }

        options.IsStandIn = settings.IsStandIn;
        if (settings.SlotCount is { } slotCount)
        {
            options.Executor.SlotCount = slotCount;
        }

        if (settings.MemoryBytes is { } bytes)
        {
            options.Registration.MemoryBytes = bytes;
            options.Memory.BudgetBytes = (long)(bytes * BudgetShare);
            options.Cache.MaxBytes = (long)(bytes * CacheShare);
        }

        if (settings.WorkDirectories is { } directories)
        {
            options.WorkDirectory.Roots.Clear();
            options.WorkDirectory.Roots.Add(directories);
            options.WorkDirectory.RequireAllRoots = true;
        }

        if (settings.SecretFile is { } file)
        {
            options.Security.ClusterSecret = File.ReadAllText(file).Trim();
        }
    }
}
