using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;

namespace Dpark.Workloads;

/// <summary>
/// The engine as it is measured, with its default options: in this process, or on two silos of their own processes with this one as their client. Its files are in
/// the system's temporary directory, of which a log would warn.
/// </summary>
internal sealed class EngineHost : IAsyncDisposable
{
    private const int SiloCount = 2;

    private readonly List<SiloProcess> _silos = [];
    private IHost? _client;

    private EngineHost()
    {
    }

    public DparkContext Context { get; private set; } = null!;

    /// <summary>The processes in which tasks run, if not in this one.</summary>
    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>The engine in this process.</summary>
    /// <param name="memoryBytes">See <see cref="EnginePlace"/>.</param>
    public static Task<DparkContext> StartLocalAsync(long? memoryBytes, CancellationToken cancellationToken) =>
        DparkContext.LocalAsync(
            new LocalOptions
            {
                MinimumLogLevel = LogLevel.Error,
                ConfigureWorker = worker => worker.Memory.BudgetBytes = memoryBytes ?? worker.Memory.BudgetBytes,
            },
            cancellationToken);

    public static async Task<EngineHost> StartAsync(EnginePlace place, CancellationToken cancellationToken)
    {
        var host = new EngineHost();
        try
        {
            if (place.Mode == WorkloadMode.Local)
            {
                host.Context = await StartLocalAsync(place.MemoryBytes, cancellationToken);
            }
            else
            {
                await host.StartProcessesAsync(place.MemoryBytes, cancellationToken);
            }

            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Context is not null)
        {
            await Context.DisposeAsync();
        }

        if (_client is not null)
        {
            await _client.StopAsync();
            _client.Dispose();
        }

        foreach (var silo in _silos)
        {
            await silo.DisposeAsync();
        }
    }

    private async Task StartProcessesAsync(long? memoryBytes, CancellationToken cancellationToken)
    {
        var slotCount = Math.Max(Environment.ProcessorCount / SiloCount, 1);
        for (var i = 0; i < SiloCount; i++)
        {
            _silos.Add(await SiloProcess.StartAsync(slotCount, memoryBytes, _silos.Count == 0 ? null : _silos[0], cancellationToken));
        }

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client => client.UseLocalhostClustering(_silos[0].GatewayPort, SiloProcess.ClusterName, SiloProcess.ClusterName));
        _client = builder.Build();
        await _client.StartAsync(cancellationToken);
        Context = new DparkContext(_client.Services.GetRequiredService<IClusterClient>());
        await Context.StartAsync(cancellationToken);
    }
}

/// <summary>Where the engine runs, and with what.</summary>
/// <param name="MemoryBytes">What tasks and caches of a worker share; <see langword="null"/>: as the engine chooses.</param>
internal readonly record struct EnginePlace(WorkloadMode Mode, long? MemoryBytes);

/// <summary>Where the engine runs.</summary>
internal enum WorkloadMode
{
    /// <summary>In this process.</summary>
    Local = 0,

    /// <summary>In two processes beside this one.</summary>
    Processes = 1,
}
