using System.Collections.ObjectModel;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>Like <see cref="TestCluster"/>, configured by delegates of the test. No silo is special: the membership outlives each of them.</summary>
public sealed class InProcessTestCluster : IDisposable, IAsyncDisposable
{
    private readonly List<InProcessSiloHandle> _silos = [];
    private readonly Dictionary<string, InProcessTestSiloSpecificOptions> _known = [];
    private readonly Lock _gate = new();
    private readonly InMemoryCluster _memory = new();
    private IHost? _client;
    private int _nextInstance;
    private bool _isDisposed;

    /// <summary>Use <see cref="InProcessTestClusterBuilder"/>.</summary>
    public InProcessTestCluster(InProcessTestClusterOptions options, ITestClusterPortAllocator portAllocator)
    {
        Options = options;
        PortAllocator = portAllocator;
    }

    /// <summary>The options.</summary>
    public InProcessTestClusterOptions Options { get; }

    /// <summary>Gives ports to silos.</summary>
    public ITestClusterPortAllocator PortAllocator { get; }

    /// <summary>The silos that run.</summary>
    public ReadOnlyCollection<InProcessSiloHandle> Silos
    {
        get
        {
            lock (_gate)
            {
                return [.. _silos];
            }
        }
    }

    /// <summary>The client.</summary>
    public IClusterClient Client =>
        _client?.Services.GetRequiredService<IClusterClient>()
        ?? throw new InvalidOperationException($"The client does not run. Call {nameof(DeployAsync)} or {nameof(InitializeClientAsync)} first.");

    /// <summary>Starts the silos and the client. All silos see each other when it completes.</summary>
    public async Task DeployAsync()
    {
        if (Silos.Count > 0)
        {
            throw new InvalidOperationException("The cluster is deployed already. Make another one.");
        }

        try
        {
            await StartSilosAsync(Options.InitialSilosCount).ConfigureAwait(false);
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
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client => client.Configure<ClusterOptions>(Identify));
        Options.ClientHostConfigurationDelegates.ForEach(configure => configure(builder));
        _memory.ConfigureClient(builder.Services, useMembership: true, ConnectionTransportType.InMemory);
        _client = builder.Build();
        await _client.StartAsync().ConfigureAwait(false);
    }

    /// <summary>Stops the client, if it runs.</summary>
    public Task StopClusterClientAsync() => StopClientAsync(isGraceful: true);

    /// <summary>Stops the client without waiting for anything.</summary>
    public Task KillClientAsync() => StopClientAsync(isGraceful: false);

    /// <summary>Starts another silo.</summary>
    public InProcessSiloHandle StartAdditionalSilo() => Blocking.Run(StartAdditionalSiloAsync);

    /// <summary>Starts another silo. It is active when the task completes; the others may not know yet.</summary>
    public async Task<InProcessSiloHandle> StartAdditionalSiloAsync() => (await StartSilosAsync(1).ConfigureAwait(false))[0];

    /// <summary>Starts several silos.</summary>
    public async Task<List<InProcessSiloHandle>> StartSilosAsync(int silosToStart)
    {
        var starts = Enumerable.Range(0, silosToStart).Select(_ => StartSiloAsync(Interlocked.Increment(ref _nextInstance) - 1, Options)).ToList();
        return [.. await Task.WhenAll(starts).ConfigureAwait(false)];
    }

    /// <summary>Starts a silo.</summary>
    /// <param name="instanceNumber">Its number, which gives its name.</param>
    public Task<InProcessSiloHandle> StartSiloAsync(int instanceNumber, InProcessTestClusterOptions clusterOptions)
    {
        var (siloPort, gatewayPort) = PortAllocator.AllocateConsecutivePortPairs(1);
        return CreateSiloAsync(InProcessTestSiloSpecificOptions.Create(clusterOptions, instanceNumber, siloPort, gatewayPort));
    }

    /// <summary>Starts a silo.</summary>
    public async Task<InProcessSiloHandle> CreateSiloAsync(InProcessTestSiloSpecificOptions siloOptions)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(Identify);
            silo.Configure<SiloOptions>(names => names.SiloName = siloOptions.SiloName);
            silo.ConfigureEndpoints(IPAddress.Loopback, siloOptions.SiloPort, siloOptions.GatewayPort);
            silo.Configure<SiloMessagingOptions>(messaging => messaging.AssumeHomogenousSilosForTesting = Options.AssumeHomogenousSilosForTesting);
        });
        Options.SiloHostConfigurationDelegates.ForEach(configure => configure(siloOptions, builder));
        _memory.ConfigureSilo(builder.Services, useMembership: true, ConnectionTransportType.InMemory);
        var handle = await InProcessSiloHandle.StartAsync(builder.Build(), ToTestClusterOptions()).ConfigureAwait(false);
        lock (_gate)
        {
            _silos.Add(handle);
            _known[siloOptions.SiloName] = siloOptions;
        }

        return handle;
    }

    /// <summary>Stops a silo gracefully.</summary>
    public Task StopSiloAsync(InProcessSiloHandle instance) => StopSiloAsync(instance, isGraceful: true);

    /// <summary>Stops a silo without waiting for anything. The membership is told that it is dead.</summary>
    public Task KillSiloAsync(InProcessSiloHandle instance) => StopSiloAsync(instance, isGraceful: false);

    /// <summary>Stops a silo gracefully and starts one with the same name and ports.</summary>
    public async Task<InProcessSiloHandle?> RestartSiloAsync(InProcessSiloHandle instance)
    {
        if (instance is null)
        {
            return null;
        }

        await StopSiloAsync(instance).ConfigureAwait(false);
        return await RestartStoppedSecondarySiloAsync(instance.Name).ConfigureAwait(false);
    }

    /// <summary>Starts a silo again that was stopped.</summary>
    public async Task<InProcessSiloHandle?> RestartStoppedSecondarySiloAsync(string siloName)
    {
        InProcessTestSiloSpecificOptions? options;
        lock (_gate)
        {
            options = _known.GetValueOrDefault(siloName);
        }

        return options is null
            ? throw new ArgumentException($"No silo of this cluster was ever named '{siloName}'. "
                + $"Use {nameof(StartAdditionalSiloAsync)} to start a new one.", nameof(siloName))
            : await CreateSiloAsync(options).ConfigureAwait(false);
    }

    /// <summary>Stops all silos gracefully, one after the other.</summary>
    public async Task StopSilosAsync()
    {
        foreach (var silo in Silos.Reverse())
        {
            await StopSiloAsync(silo).ConfigureAwait(false);
        }
    }

    /// <summary>Stops the client and all silos.</summary>
    public void StopAllSilos() => Blocking.Run(StopAllSilosAsync);

    /// <summary>Stops the client and all silos.</summary>
    public async Task StopAllSilosAsync()
    {
        await StopClusterClientAsync().ConfigureAwait(false);
        await StopSilosAsync().ConfigureAwait(false);
    }

    /// <summary>Silos that run.</summary>
    public IEnumerable<InProcessSiloHandle> GetActiveSilos() => Silos.Where(silo => silo.IsActive);

    /// <summary>The handle of a silo that runs.</summary>
    public InProcessSiloHandle? GetSiloForAddress(SiloAddress siloAddress) =>
        GetActiveSilos().FirstOrDefault(silo => silo.SiloAddress.Equals(siloAddress));

    /// <summary>Services of a silo.</summary>
    /// <param name="silo">Null: the first that runs.</param>
    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null) =>
        (silo is null ? GetActiveSilos().FirstOrDefault() : GetSiloForAddress(silo))?.ServiceProvider
        ?? throw new ArgumentException($"Silo {silo?.ToString() ?? "(any)"} does not run. Take one of {nameof(Silos)}.", nameof(silo));

    /// <summary>Completes when all silos that run see each other and nobody else.</summary>
    /// <param name="didKill">Whether a silo was killed without telling the membership.</param>
    public Task WaitForLivenessToStabilizeAsync(bool didKill = false) => InMemoryCluster.WaitForViewsAsync(GetActiveSilos().ToList(), didKill);

    /// <inheritdoc/>
    public void Dispose() => Blocking.Run(async () => await DisposeAsync().ConfigureAwait(false));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            await StopAllSilosAsync().ConfigureAwait(false);
            PortAllocator.Dispose();
        }
    }

    private void Identify(ClusterOptions cluster)
    {
        cluster.ClusterId = Options.ClusterId;
        cluster.ServiceId = Options.ServiceId;
    }

    private TestClusterOptions ToTestClusterOptions() => new()
    {
        ClusterId = Options.ClusterId,
        ServiceId = Options.ServiceId,
        InitialSilosCount = Options.InitialSilosCount,
        AssumeHomogenousSilosForTesting = Options.AssumeHomogenousSilosForTesting,
        GatewayPerSilo = Options.GatewayPerSilo,
    };

    private async Task StopSiloAsync(InProcessSiloHandle? silo, bool isGraceful)
    {
        if (silo is null)
        {
            return;
        }

        lock (_gate)
        {
            _silos.Remove(silo);
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
