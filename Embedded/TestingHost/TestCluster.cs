using System.Collections.ObjectModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>Several silos and a client in this process, for tests. Clusters do not see each other.</summary>
/// <remarks>Methods that start and stop silos may run at the same time as calls to grains, but not as each other.</remarks>
public class TestCluster : IDisposable, IAsyncDisposable
{
    private readonly List<SiloHandle> _silos = [];
    private readonly Lock _gate = new();
    private readonly InMemoryCluster _memory = new();
    private IHost? _client;
    private int _nextInstance;
    private bool _isDisposed;

    /// <summary>Use <see cref="TestClusterBuilder"/>.</summary>
    public TestCluster(TestClusterOptions options, IReadOnlyList<IConfigurationSource> configurationSources, ITestClusterPortAllocator portAllocator)
    {
        Options = options;
        ConfigurationSources = configurationSources;
        PortAllocator = portAllocator;
        CreateSiloAsync = DefaultCreateSiloAsync;
    }

    /// <summary>The options.</summary>
    public TestClusterOptions Options { get; }

    /// <summary>What every host is configured from.</summary>
    public IReadOnlyList<IConfigurationSource> ConfigurationSources { get; }

    /// <summary>Gives ports to silos.</summary>
    public ITestClusterPortAllocator PortAllocator { get; }

    /// <summary>Starts silos. Default: <see cref="DefaultCreateSiloAsync"/>.</summary>
    public Func<string, IConfiguration, Task<SiloHandle>> CreateSiloAsync { private get; set; }

    /// <summary>The first silo; null before it has started and after it was stopped, and always without <see cref="TestClusterOptions.UseTestClusterMembership"/>.</summary>
    public SiloHandle? Primary { get; private set; }

    /// <summary>The other silos that run.</summary>
    public IReadOnlyList<SiloHandle> SecondarySilos => [.. Silos.Where(silo => silo != Primary)];

    /// <summary>The silos that run: <see cref="Primary"/>, then the others in the order in which they had started, which those that start at the same time decide.</summary>
    public ReadOnlyCollection<SiloHandle> Silos
    {
        get
        {
            lock (_gate)
            {
                return [.. _silos];
            }
        }
    }

    /// <summary>The client's services.</summary>
    public IServiceProvider ServiceProvider => ClientHost.Services;

    /// <summary>The client.</summary>
    public IClusterClient Client => ServiceProvider.GetRequiredService<IClusterClient>();

    /// <summary>Makes references to grains, for the client.</summary>
    public IGrainFactory GrainFactory => Client;

    private IHost ClientHost =>
        _client ?? throw new InvalidOperationException("The client does not run. "
            + $"Call {nameof(DeployAsync)} or {nameof(InitializeClientAsync)} first.");

    /// <summary>How long a cluster may take at most until all silos see a change.</summary>
    /// <param name="didKill">Whether a silo was killed without telling the membership.</param>
    public static TimeSpan GetLivenessStabilizationTime(ClusterMembershipOptions clusterMembershipOptions, bool didKill = false)
    {
        ArgumentNullException.ThrowIfNull(clusterMembershipOptions);
        var detection = didKill ? clusterMembershipOptions.ProbeTimeout * clusterMembershipOptions.NumMissedProbesLimit : TimeSpan.Zero;
        return detection + (clusterMembershipOptions.UseLivenessGossip ? TimeSpan.FromSeconds(5) : clusterMembershipOptions.TableRefreshTimeout * 2);
    }

    /// <summary>Starts a silo of a cluster.</summary>
    public static Task<SiloHandle> StartSiloAsync(
        TestCluster cluster,
        int instanceNumber,
        TestClusterOptions clusterOptions,
        IReadOnlyList<IConfigurationSource>? configurationOverrides = null,
        bool startSiloOnNewPort = false)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return cluster.StartSiloAsync(instanceNumber, clusterOptions, configurationOverrides, startSiloOnNewPort);
    }

    /// <summary>Starts the silos and the client.</summary>
    public void Deploy() => Blocking.Run(DeployAsync);

    /// <summary>Starts the silos and the client. All silos see each other when it completes.</summary>
    public async Task DeployAsync()
    {
        if (Primary is not null || Silos.Count > 0)
        {
            throw new InvalidOperationException("The cluster is deployed already. Make another one.");
        }

        try
        {
            await StartAdditionalSiloAsync().ConfigureAwait(false);
            await StartAdditionalSilosAsync(Options.InitialSilosCount - 1).ConfigureAwait(false);
            await WaitForLivenessToStabilizeAsync().ConfigureAwait(false);
            if (Options.InitializeClientOnDeploy)
            {
                await InitializeClientAsync().ConfigureAwait(false);
            }
        }
        catch
        {
            await StopAllSilosAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts the client, instead of the one that runs.</summary>
    public async Task InitializeClientAsync()
    {
        await StopClusterClientAsync().ConfigureAwait(false);
        _client = TestClusterHostFactory.CreateClusterClient("MainClient", Configure([]), host => _memory.ConfigureClient(host, Options));
        await _client.StartAsync().ConfigureAwait(false);
    }

    /// <summary>Stops the client, if it runs.</summary>
    public Task StopClusterClientAsync() => StopClientAsync(isGraceful: true);

    /// <summary>Stops the client without waiting for anything.</summary>
    public Task KillClientAsync() => StopClientAsync(isGraceful: false);

    /// <summary>Starts another silo.</summary>
    public SiloHandle StartAdditionalSilo(bool startAdditionalSiloOnNewPort = false) =>
        Blocking.Run(() => StartAdditionalSiloAsync(startAdditionalSiloOnNewPort));

    /// <summary>Starts another silo. It is active when the task completes; the others may not know yet.</summary>
    public async Task<SiloHandle> StartAdditionalSiloAsync(bool startAdditionalSiloOnNewPort = false) =>
        (await StartAdditionalSilosAsync(1, startAdditionalSiloOnNewPort).ConfigureAwait(false))[0];

    /// <summary>Starts several more silos.</summary>
    public async Task<List<SiloHandle>> StartAdditionalSilosAsync(int silosToStart, bool startAdditionalSiloOnNewPort = false)
    {
        var starts = Enumerable.Range(0, silosToStart)
            .Select(_ => StartSiloAsync(Interlocked.Increment(ref _nextInstance) - 1, Options, null, startAdditionalSiloOnNewPort))
            .ToList();
        return [.. await Task.WhenAll(starts).ConfigureAwait(false)];
    }

    /// <summary>Starts a silo.</summary>
    /// <param name="instanceNumber">Its number; it gives name and ports.</param>
    /// <param name="configurationOverrides">Configuration for this silo alone.</param>
    /// <param name="startSiloOnNewPort">Whether it gets ports that no silo of the cluster has had.</param>
    public async Task<SiloHandle> StartSiloAsync(
        int instanceNumber,
        TestClusterOptions clusterOptions,
        IReadOnlyList<IConfigurationSource>? configurationOverrides = null,
        bool startSiloOnNewPort = false)
    {
        ArgumentNullException.ThrowIfNull(clusterOptions);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var specific = TestSiloSpecificOptions.Create(clusterOptions, instanceNumber);
        if (startSiloOnNewPort)
        {
            var (siloPort, gatewayPort) = PortAllocator.AllocateConsecutivePortPairs(1);
            specific = specific with { SiloPort = siloPort, GatewayPort = specific.GatewayPort == 0 ? 0 : gatewayPort };
        }

        var configuration = Configure([new MemoryConfigurationSource { InitialData = specific.ToDictionary() }, .. configurationOverrides ?? []]);
        var handle = await CreateSiloAsync(specific.SiloName, configuration).ConfigureAwait(false);
        handle.InstanceNumber = (short)instanceNumber;
        lock (_gate)
        {
            if (instanceNumber == 0 && clusterOptions.UseTestClusterMembership)
            {
                Primary = handle;
                _silos.Insert(0, handle);
            }
            else
            {
                _silos.Add(handle);
            }
        }

        return handle;
    }

    /// <summary>Starts a silo in this process, on the transport of this cluster.</summary>
    public async Task<SiloHandle> DefaultCreateSiloAsync(string siloName, IConfiguration configuration) =>
        await InProcessSiloHandle.CreateAsync(siloName, configuration, host => _memory.ConfigureSilo(host, Options)).ConfigureAwait(false);

    /// <summary>Stops a silo gracefully.</summary>
    public Task StopSiloAsync(SiloHandle instance) => StopSiloAsync(instance, isGraceful: true);

    /// <summary>Stops a silo without waiting for anything. The membership is told that it is dead.</summary>
    public Task KillSiloAsync(SiloHandle instance) => StopSiloAsync(instance, isGraceful: false);

    /// <summary>Stops a silo gracefully and starts one with the same name and ports.</summary>
    public async Task<SiloHandle?> RestartSiloAsync(SiloHandle instance)
    {
        if (instance is null)
        {
            return null;
        }

        await StopSiloAsync(instance).ConfigureAwait(false);
        return await StartSiloAsync(instance.InstanceNumber, Options).ConfigureAwait(false);
    }

    /// <summary>Starts a silo again that was stopped.</summary>
    /// <param name="siloName">Such as <c>Secondary_1</c>.</param>
    public async Task<SiloHandle?> RestartStoppedSecondarySiloAsync(string siloName)
    {
        var first = Options.UseTestClusterMembership ? 1 : 0;
        var number = Enumerable.Range(first, Volatile.Read(ref _nextInstance)).FirstOrDefault(n => TestSiloSpecificOptions.Create(Options, n).SiloName == siloName, -1);
        return number < 0
            ? throw new ArgumentException($"No silo of this cluster was ever named '{siloName}'. "
                + $"Use {nameof(StartAdditionalSiloAsync)} to start a new one.", nameof(siloName))
            : await StartSiloAsync(number, Options).ConfigureAwait(false);
    }

    /// <summary>Stops the client, then the first silo gracefully.</summary>
    /// <exception cref="InvalidOperationException">There is no primary silo.</exception>
    public async Task StopPrimarySiloAsync()
    {
        var primary = Primary ?? throw new InvalidOperationException($"There is no primary silo: it was stopped, or {nameof(TestClusterOptions.UseTestClusterMembership)} is off. "
            + $"Take one of {nameof(Silos)}.");
        await StopClusterClientAsync().ConfigureAwait(false);
        await StopSiloAsync(primary).ConfigureAwait(false);
    }

    /// <summary>Stops all silos but the first gracefully, one after the other.</summary>
    public async Task StopSecondarySilosAsync()
    {
        foreach (var silo in SecondarySilos)
        {
            await StopSiloAsync(silo).ConfigureAwait(false);
        }
    }

    /// <summary>Stops the client and all silos.</summary>
    public void StopAllSilos() => Blocking.Run(StopAllSilosAsync);

    /// <summary>Stops the client and all silos, the first one last.</summary>
    public async Task StopAllSilosAsync()
    {
        await StopClusterClientAsync().ConfigureAwait(false);
        await StopSecondarySilosAsync().ConfigureAwait(false);
        if (Primary is not null)
        {
            await StopPrimarySiloAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Silos that run.</summary>
    public IEnumerable<SiloHandle> GetActiveSilos() => Silos.Where(silo => silo.IsActive);

    /// <summary>The handle of a silo that runs.</summary>
    public SiloHandle? GetSiloForAddress(SiloAddress siloAddress) => GetActiveSilos().FirstOrDefault(silo => silo.SiloAddress.Equals(siloAddress));

    /// <summary>Services of a silo.</summary>
    /// <param name="silo">Null: the first one.</param>
    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null)
    {
        var handle = silo is null ? Primary : GetSiloForAddress(silo);
        return handle is InProcessSiloHandle inProcess
            ? inProcess.ServiceProvider
            : throw new ArgumentException($"Silo {silo?.ToString() ?? "Primary"} does not run in this process. "
                + $"Take one of {nameof(Silos)}.", nameof(silo));
    }

    /// <summary>Completes when all silos that run see each other and nobody else.</summary>
    /// <param name="didKill">Whether a silo was killed without telling the membership.</param>
    public Task WaitForLivenessToStabilizeAsync(bool didKill = false) =>
        InMemoryCluster.WaitForViewsAsync(GetActiveSilos().OfType<InProcessSiloHandle>().ToList(), didKill);

    /// <summary>Empty: logs go where the hosts' logging is configured to.</summary>
#pragma warning disable CA1822 // An instance method in the official API.
    public string GetLog() => "";
#pragma warning restore CA1822

    /// <inheritdoc/>
    public void Dispose()
    {
        Blocking.Run(async () => await DisposeAsync().ConfigureAwait(false));
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            await StopAllSilosAsync().ConfigureAwait(false);
            PortAllocator.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    private IConfiguration Configure(IEnumerable<IConfigurationSource> more)
    {
        var builder = new ConfigurationBuilder();
        foreach (var source in ConfigurationSources.Concat(more))
        {
            builder.Add(source);
        }

        return builder.Build();
    }

    private async Task StopSiloAsync(SiloHandle? silo, bool isGraceful)
    {
        if (silo is null)
        {
            return;
        }

        lock (_gate)
        {
            _silos.Remove(silo);
            Primary = Primary == silo ? null : Primary;
        }

        await silo.StopSiloAsync(isGraceful).ConfigureAwait(false);
    }

    private async Task StopClientAsync(bool isGraceful)
    {
        if (Interlocked.Exchange(ref _client, null) is { } client)
        {
            await InMemoryCluster.StopAsync(client, new CancellationToken(canceled: !isGraceful)).ConfigureAwait(false);
        }
    }
}
