using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Tests.Hosting;

/// <summary>Many callers call many grains over TCP while silos join and leave all the time.</summary>
/// <remarks>
/// With <c>DPARK_LONG_TESTS=1</c> it is a million calls at least, and a silo joins and leaves every 10 s. Callers go on until silos have changed often enough, since
/// a fast machine makes a million calls while few silos come and go.
/// </remarks>
public sealed class ChurnTests : IAsyncDisposable, IAsyncLifetime
{
    private const int CallerCount = 64;
    private const int GrainCount = 5_000;

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("DPARK_LONG_TESTS") == "1";
    private static readonly int s_callCount = s_isLong ? 1_000_000 : 150_000;
    private static readonly int s_changeCount = s_isLong ? 12 : 3;
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(s_isLong ? 10 : 2);
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(s_isLong ? 20 : 4);

    private readonly (int Silo, int Gateway)[] _ports = FreePorts.NextPairs(3);
    private readonly CancellationTokenSource _churning = new();
    private readonly ConcurrentQueue<Exception> _failures = [];
    private readonly List<IHost> _silos = [];
    private IHost? _client;
    private int _calls;
    private int _changes;

    [Fact]
    public async Task Calls_SilosJoinAndLeave_EachEndsAndNothingIsLeft()
    {
        _silos.Add(await StartSiloAsync(0));
        _silos.Add(await StartSiloAsync(1));
        _client = BuildClient();
        await _client.StartAsync().WaitAsync(s_limit);
        var churn = ChurnAsync();

        await Task.WhenAll(Enumerable.Range(0, CallerCount).Select(CallAsync)).WaitAsync(s_limit);
        await _churning.CancelAsync();
        await churn.WaitAsync(s_limit);

        // Silos that leave take no call with them.
        Assert.True(_failures.IsEmpty, $"{_failures.Count} of {_calls} calls failed, the first with {_failures.FirstOrDefault()}");
        await AssertNothingIsLeftAsync();
    }

    Task IAsyncLifetime.InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _silos.Prepend(_client).OfType<IHost>())
        {
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        _churning.Dispose();
    }

    /// <summary>One silo joins, another one that is not the first leaves, and so on.</summary>
    private async Task ChurnAsync()
    {
        try
        {
            while (!_churning.IsCancellationRequested)
            {
                await Task.Delay(s_period, _churning.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                var free = Array.IndexOf(_ports, _ports.Except(_silos.Select(PortsOf)).First());
                _silos.Add(await StartSiloAsync(free));
                await StopAsync(_silos[1]);
                _changes++;
            }
        }
        finally
        {
            // Also if it fails: nobody waits for more.
            Volatile.Write(ref _changes, s_changeCount);
        }
    }

    private async Task CallAsync(int caller)
    {
        var random = new Random(caller);
        var grains = _client!.Services.GetRequiredService<IClusterClient>();
        while (Interlocked.Increment(ref _calls) <= s_callCount || Volatile.Read(ref _changes) < s_changeCount)
        {
            var value = random.Next();
            try
            {
                var key = random.Next(GrainCount).ToString(CultureInfo.InvariantCulture);
                var answer = await grains.GetGrain<IChurnGrain>(key).EchoAsync(value).ConfigureAwait(false);
                Assert.Equal(value, answer);
            }
            catch (Exception e)
            {
                _failures.Enqueue(e);
            }
        }
    }

    private async Task AssertNothingIsLeftAsync()
    {
        // The last leavers' activations have ended with them; what lives is what the silos that run know.
        var management = _client!.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0);
        var active = await management.GetActiveGrains(GrainType.Create("test.churn"));
        var duplicates = ChurnGrain.Live.Where(pair => pair.Value != 1).Select(pair => $"{pair.Key}: {pair.Value}").ToList();
        var runtime = _client.Services.GetRequiredService<ClientRuntime>();

        Assert.Empty(duplicates);
        Assert.Equal(ChurnGrain.Live.Keys.Order(), active.Order());
        Assert.Equal(0, runtime.Pending.Count);
        foreach (var silo in _silos)
        {
            await WaitForNoCallsAsync(silo.Services.GetRequiredService<SiloRuntime>()).WaitAsync(s_limit);

            // One with each other silo, and the client's. Those of silos that have left end a moment later.
            await WaitForConnectionsAsync(TransportOf(silo), _silos.Count - 1 + 1).WaitAsync(s_limit);
        }

        // One to each gateway of its list that runs.
        Assert.Equal(_silos.Count, TransportOf(_client).ConnectionCount);
        await EndAsync(_client);
        _client = null;
        while (_silos.Count > 0)
        {
            await StopAsync(_silos[^1]);
        }

        Assert.Empty(ChurnGrain.Live);
    }

    /// <summary>Silos call each other all the time (probes, the directory). What leaks stays; everything else is over at some moment.</summary>
    private static async Task WaitForNoCallsAsync(SiloRuntime runtime)
    {
        while (runtime.Pending.Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }

    private static async Task WaitForConnectionsAsync(TcpTransport transport, int count)
    {
        while (transport.ConnectionCount != count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }

    private async Task StopAsync(IHost silo)
    {
        _silos.Remove(silo);
        await EndAsync(silo);
    }

    // A connection is closed when the other side has closed it, too, or when its host is disposed.
    private static async Task EndAsync(IHost host)
    {
        await host.StopAsync().WaitAsync(s_limit);
        var transport = TransportOf(host);
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.Equal(0, transport.ConnectionCount);
    }

    private async Task<IHost> StartSiloAsync(int index)
    {
        var (siloPort, gatewayPort) = _ports[index];
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo => silo.UseLocalhostClustering(
            siloPort, gatewayPort, new IPEndPoint(IPAddress.Loopback, _ports[0].Silo), "service", "churn"));
        var host = builder.Build();
        await host.StartAsync().WaitAsync(s_limit);
        return host;
    }

    private IHost BuildClient()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client => client.UseLocalhostClustering([.. _ports.Select(port => port.Gateway)], "service", "churn"));
        return builder.Build();
    }

    private (int Silo, int Gateway) PortsOf(IHost silo)
    {
        var port = silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint.Port;
        return _ports.Single(ports => ports.Silo == port);
    }

    private static TcpTransport TransportOf(IHost host) => (TcpTransport)host.Services.GetRequiredService<IMessageTransport>();
}

[Alias("test.IChurnGrain")]
public interface IChurnGrain : IGrainWithStringKey
{
    [Alias("Echo")]
    Task<int> EchoAsync(int value);
}

[GrainType("test.churn"), RandomPlacement]
internal sealed class ChurnGrain : Grain, IChurnGrain
{
    /// <summary>Activations of each grain in all silos of the process.</summary>
    public static ConcurrentDictionary<GrainId, int> Live { get; } = new();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Live.AddOrUpdate(this.GetGrainId(), 1, (_, count) => count + 1);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (Live.AddOrUpdate(this.GetGrainId(), 0, (_, count) => count - 1) == 0)
        {
            Live.TryRemove(new(this.GetGrainId(), 0));
        }

        return Task.CompletedTask;
    }

    public Task<int> EchoAsync(int value) => Task.FromResult(value);
}
