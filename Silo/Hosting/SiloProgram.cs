using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Hosting;

/// <summary>Runs a silo with a worker until the process is asked to end.</summary>
internal static class SiloProgram
{
    /// <summary>Exit code for settings that cannot be used.</summary>
    public const int WrongInput = 2;

    /// <summary>Starts the silo and waits for SIGTERM or Ctrl-C, upon which it drains and stops.</summary>
    /// <param name="error">Gets one line per thing that is wrong.</param>
    /// <param name="cancellationToken">Stops it, too.</param>
    /// <param name="onStarted">Called when the silo runs.</param>
    /// <returns>0, or <see cref="WrongInput"/> if it could not start.</returns>
    public static async Task<int> RunAsync(SiloSettings settings, TextWriter error, CancellationToken cancellationToken, Action? onStarted = null)
    {
        using var host = Build(settings);
        try
        {
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OptionsValidationException e)
        {
            return await ComplainAsync(error, e.Failures).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or OrleansConfigurationException)
        {
            return await ComplainAsync(error, [e.Message]).ConfigureAwait(false);
        }

        onStarted?.Invoke();
        await host.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
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

    private static IHost Build(SiloSettings settings)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(settings.Port, settings.GatewayPort, primarySiloEndpoint: null, serviceId: settings.ClusterId, clusterId: settings.ClusterId)
            .AddDparkWorker(options => Apply(settings, options)));
        return builder.Build();
    }

    private static void Apply(SiloSettings settings, DparkWorkerOptions options)
    {
        if (settings.SlotCount is { } slotCount)
        {
            options.Executor.SlotCount = slotCount;
        }

        if (settings.WorkDirectories is { } directories)
        {
            options.WorkDirectory.Roots.Clear();
            options.WorkDirectory.Roots.Add(directories);
        }
    }
}
