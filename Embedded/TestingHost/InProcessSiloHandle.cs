using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>A silo of a test cluster in this process.</summary>
public class InProcessSiloHandle : SiloHandle
{
    private bool _isActive = true;

    /// <summary>The silo's host.</summary>
    public IHost SiloHost { get; private init; } = null!;

    /// <summary>The silo's services.</summary>
    public IServiceProvider ServiceProvider => SiloHost.Services;

    /// <inheritdoc/>
    public override bool IsActive => _isActive;

    /// <summary>Starts a silo.</summary>
    /// <param name="siloName">Its name.</param>
    /// <param name="configuration">Options of the cluster and of the silo.</param>
    /// <param name="postConfigureHostBuilder">Called last.</param>
    public static async Task<InProcessSiloHandle> CreateAsync(
        string siloName, IConfiguration configuration, Action<IHostBuilder>? postConfigureHostBuilder = null)
    {
        var host = TestClusterHostFactory.CreateSiloHost(siloName, configuration, postConfigureHostBuilder);
        return await StartAsync(host, configuration.GetTestClusterOptions()).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override Task StopSiloAsync(bool stopGracefully) => StopSiloAsync(new CancellationToken(canceled: !stopGracefully));

    /// <inheritdoc/>
    public override async Task StopSiloAsync(CancellationToken ct)
    {
        if (!_isActive)
        {
            return;
        }

        _isActive = false;
        await InMemoryCluster.StopAsync(SiloHost, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await StopSiloAsync(stopGracefully: true).ConfigureAwait(false);
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    internal static async Task<InProcessSiloHandle> StartAsync(IHost host, TestClusterOptions options)
    {
        try
        {
            await host.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await ((IAsyncDisposable)host).DisposeAsync().ConfigureAwait(false);
            throw;
        }

        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        return new InProcessSiloHandle
        {
            Name = details.Name,
            SiloHost = host,
            ClusterOptions = options,
            SiloAddress = details.SiloAddress,
            GatewayAddress = details.GatewayAddress,
            InstanceNumber = NumberOf(details.Name),
        };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _isActive)
        {
            Blocking.Run(() => StopSiloAsync(stopGracefully: true));
        }

        base.Dispose(disposing);
    }

    private static short NumberOf(string name) =>
        short.TryParse(name.AsSpan(name.LastIndexOf('_') + 1), CultureInfo.InvariantCulture, out var number) ? number : (short)0;
}
