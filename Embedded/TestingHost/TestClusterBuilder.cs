using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace Orleans.TestingHost;

/// <summary>Makes a <see cref="TestCluster"/>.</summary>
public class TestClusterBuilder
{
    private readonly List<Action<IConfigurationBuilder>> _configureHostConfiguration = [];
    private readonly List<Action> _configureBuilder = [];

    /// <summary>A cluster of 2 silos.</summary>
    public TestClusterBuilder()
        : this(2)
    {
    }

    /// <summary>A cluster of so many silos.</summary>
    public TestClusterBuilder(short initialSilosCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(initialSilosCount, (short)1);
        Options = new TestClusterOptions
        {
            InitialSilosCount = initialSilosCount,
            ClusterId = CreateClusterId(),
            ServiceId = Guid.NewGuid().ToString("N"),
        };
    }

    /// <summary>Configuration values for every host.</summary>
    public Dictionary<string, string?> Properties { get; } = [];

    /// <summary>The options.</summary>
    public TestClusterOptions Options { get; }

    /// <summary>Gives ports to silos.</summary>
    public ITestClusterPortAllocator PortAllocator { get; set; } = new TestClusterPortAllocator();

    /// <summary>Starts silos in the application's own way. The name and the configuration are given.</summary>
    public Func<string, IConfiguration, Task<SiloHandle>>? CreateSiloAsync { private get; set; }

    /// <summary>A new id for a cluster.</summary>
    public static string CreateClusterId() => $"testcluster-{Guid.NewGuid():N}";

    /// <summary>Called at <see cref="Build"/>, before anything is made.</summary>
    public TestClusterBuilder ConfigureBuilder(Action configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(configureDelegate);
        _configureBuilder.Add(configureDelegate);
        return this;
    }

    /// <summary>Adds configuration for every host.</summary>
    public TestClusterBuilder ConfigureHostConfiguration(Action<IConfigurationBuilder> configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(configureDelegate);
        _configureHostConfiguration.Add(configureDelegate);
        return this;
    }

    /// <summary>Adds an <see cref="ISiloConfigurator"/>, an <see cref="IHostConfigurator"/>, or both in one.</summary>
    public TestClusterBuilder AddSiloBuilderConfigurator<T>()
        where T : new()
    {
        Options.SiloBuilderConfiguratorTypes.Add(NameOf<T>(typeof(ISiloConfigurator)));
        return this;
    }

    /// <summary>Adds an <see cref="IClientBuilderConfigurator"/>, an <see cref="IHostConfigurator"/>, or both in one.</summary>
    public TestClusterBuilder AddClientBuilderConfigurator<T>()
        where T : new()
    {
        Options.ClientBuilderConfiguratorTypes.Add(NameOf<T>(typeof(IClientBuilderConfigurator)));
        return this;
    }

    /// <summary>Makes the cluster. Nothing is started.</summary>
    public TestCluster Build()
    {
        _configureBuilder.ForEach(configure => configure());
        if (Options.ConnectionTransport is not (ConnectionTransportType.InMemory or ConnectionTransportType.TcpSocket))
        {
            throw new NotSupportedException(
                $"Transport {Options.ConnectionTransport} is not available. Use {ConnectionTransportType.InMemory} or {ConnectionTransportType.TcpSocket}.");
        }

        var (siloPort, gatewayPort) = PortAllocator.AllocateConsecutivePortPairs(Math.Max((short)10, Options.InitialSilosCount));
        Options.BaseSiloPort = Options.BaseSiloPort == 0 ? siloPort : Options.BaseSiloPort;
        Options.BaseGatewayPort = Options.BaseGatewayPort == 0 ? gatewayPort : Options.BaseGatewayPort;

        var configuration = new ConfigurationBuilder();
        _configureHostConfiguration.ForEach(configure => configure(configuration));
        configuration.Sources.Add(new MemoryConfigurationSource { InitialData = Properties });
        configuration.Sources.Add(new MemoryConfigurationSource
        {
            InitialData = Options.ToDictionary().Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)),
        });
        var cluster = new TestCluster(Options, [.. configuration.Sources], PortAllocator);
        if (CreateSiloAsync is { } createSilo)
        {
            cluster.CreateSiloAsync = createSilo;
        }

        return cluster;
    }

    private static string NameOf<T>(Type configurator)
    {
        if (!configurator.IsAssignableFrom(typeof(T)) && !typeof(IHostConfigurator).IsAssignableFrom(typeof(T)))
        {
            throw new ArgumentException($"{typeof(T)} is neither an {configurator.Name} nor an {nameof(IHostConfigurator)}. Implement one of them.");
        }

        return typeof(T).AssemblyQualifiedName!;
    }
}
