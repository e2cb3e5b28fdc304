using System.Net;
using System.Net.NetworkInformation;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Configuration;
using Orleans.Connections.Security;
using Orleans.Hosting;
using Orleans.Networking.Shared;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;
using Orleans.Runtime.Placement;

namespace Dpark.Tests.Hosting;

/// <summary>Two silos have one connection, whichever has begun it, and messages on it are neither lost nor overtaken.</summary>
public sealed class SiloConnectionTests : IAsyncLifetime
{
    private const int CallsPerRound = 20;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    private readonly (int Silo, int Gateway)[] _ports = FreePorts.NextPairs(2);
    private readonly List<IHost> _hosts = [];
    private readonly List<TcpTransport> _networks = [];
    private readonly InMemoryTransport _memory = new();

    [Theory]
    [InlineData(false, 100)]
    [InlineData(true, 50)]
    public async Task Silos_ThatConnectAtTheSameMoment_HaveOneConnectionAndKeepAllCallsInOrder(bool isTcp, int rounds)
    {
        var (first, second) = await StartFragileAsync(isTcp);
        for (var round = 0; round < rounds; round++)
        {
            first.Transport.Cut();
            await WaitForConnectionsAsync(0, first, second);
            var meeting = new Meeting(2);
            first.Transport.MeetAt(meeting);
            second.Transport.MeetAt(meeting);

            await Task.WhenAll(Task.Run(() => CallAsync(first)), Task.Run(() => CallAsync(second))).WaitAsync(s_limit);

            await WaitForConnectionsAsync(1, first, second);
        }

        Assert.All(await Task.WhenAll(first.Calls.ListAsync(), second.Calls.ListAsync()), numbers => Assert.Equal(Enumerable.Range(0, rounds * CallsPerRound), numbers));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Silos_WhoseConnectionEnds_MakeItAnewWhicheverSendsFirst(int sender)
    {
        var (first, second) = await StartFragileAsync(isTcp: true);
        FragileSilo[] silos = [first, second];
        first.Transport.Cut();
        await WaitForConnectionsAsync(0, first, second);

        await CallAsync(silos[sender]);
        await WaitForConnectionsAsync(1, first, second);
        await CallAsync(silos[1 - sender]);

        await WaitForConnectionsAsync(1, first, second);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    public async Task Silos_OfWhichOneLosesTheConnectionThatTheOtherBelievesIn_MakeItAnew(int beginner, int loser)
    {
        var (first, second) = await StartFragileAsync(isTcp: false);
        FragileSilo[] silos = [first, second];
        first.Transport.Cut();
        await WaitForConnectionsAsync(0, first, second);
        await CallAsync(silos[beginner]);
        await WaitForConnectionsAsync(1, first, second);

        silos[loser].Transport.Lose();
        await CallAsync(silos[loser]);
        await CallAsync(silos[1 - loser]);

        await WaitForConnectionsAsync(1, first, second);
    }

    [Fact]
    public async Task Silos_ThatCallEachOtherOverTheNetwork_HaveOneConnection()
    {
        IHost[] hosts = [await StartSiloAsync(0, transport: null), await StartSiloAsync(1, transport: null)];
        await WaitForActiveAsync(hosts);
        ICallListGrain[] grains = [await PlaceAsync(hosts[0], hosts[1]), await PlaceAsync(hosts[1], hosts[0])];

        await Task.WhenAll(grains.SelectMany(grain => Enumerable.Range(0, CallsPerRound).Select(grain.AddAsync))).WaitAsync(s_limit);

        // The one that was accepted has the port of its silo.
        var accepted = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
            .Where(connection => connection.State == TcpState.Established && _ports.Any(ports => ports.Silo == connection.LocalEndPoint.Port));
        Assert.Single(accepted);
        Assert.All(hosts, host => Assert.Equal(1, ((TcpTransport)host.Services.GetRequiredService<IMessageTransport>()).ConnectionCount));
    }

    [Theory]
    [InlineData(true, true, 1)]
    [InlineData(false, true, 1)]
    [InlineData(true, false, 2)]
    [InlineData(false, false, 2)]
    public async Task Silos_ThatUseTls_SendOverTheConnectionOfAnotherOnlyIfItHasShownACertificate(bool hasFirst, bool hasSecond, int expected)
    {
        using var authority = new TestAuthority();
        var issuer = authority.Certificate.Subject;
        var hosts = new List<IHost>();
        foreach (var index in (int[])[0, 1])
        {
            string[] usages = (index == 0 ? hasFirst : hasSecond) ? [TestAuthority.ForServers, TestAuthority.ForClients] : [TestAuthority.ForServers];
            var certificate = authority.Issue("silo", false, null, usages);
            hosts.Add(await StartSiloAsync(index, transport: null, silo => silo.UseTls(certificate, options =>
            {
                options.HandshakeTimeout = s_limit;
                options.RemoteCertificateMode = RemoteCertificateMode.AllowCertificate;
                options.RemoteCertificateValidation = (remote, _, _) => remote.Issuer == issuer;
                options.OnAuthenticateAsClient = (_, authentication) => authentication.TargetHost = "silo";
            })));
        }

        // The second one has connected to the first, to join.
        await ProbeAsync(hosts[0], hosts[1]).WaitAsync(s_limit);
        await ProbeAsync(hosts[1], hosts[0]).WaitAsync(s_limit);
        await ProbeAsync(hosts[0], hosts[1]).WaitAsync(s_limit);

        foreach (var host in hosts)
        {
            var transport = (TcpTransport)host.Services.GetRequiredService<IMessageTransport>();
            await WaitForAsync(() => transport.ConnectionCount == expected);
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync().WaitAsync(s_limit);
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        foreach (var network in _networks)
        {
            await network.DisposeAsync();
        }
    }

    /// <summary>Makes calls one after the other without waiting for any, then waits for all.</summary>
    private static async Task CallAsync(FragileSilo silo)
    {
        var calls = Enumerable.Range(silo.CallCount, CallsPerRound).Select(silo.Calls.AddAsync).ToList();
        silo.CallCount += CallsPerRound;
        await Task.WhenAll(calls).WaitAsync(s_limit);
    }

    private static Task<MembershipVersion> ProbeAsync(IHost from, IHost to) =>
        from.Services.GetRequiredService<Func<SiloAddress, IMembershipProbeTarget>>()(AddressOf(to)).ProbeAsync();

    private static Task WaitForConnectionsAsync(int count, params FragileSilo[] silos) =>
        WaitForAsync(() => silos.All(silo => silo.Transport.OpenCount == count));

    private static async Task WaitForAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
        }
    }

    private static SiloAddress AddressOf(IHost silo) => silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    /// <summary>Starts two silos, each with a grain that the other one calls.</summary>
    private async Task<(FragileSilo First, FragileSilo Second)> StartFragileAsync(bool isTcp)
    {
        FragileTransport[] transports = [new(NewNetwork(isTcp)), new(NewNetwork(isTcp))];
        IHost[] hosts = [await StartSiloAsync(0, transports[0]), await StartSiloAsync(1, transports[1])];

        await WaitForActiveAsync(hosts);
        FragileSilo[] silos = [new(transports[0], await PlaceAsync(hosts[0], hosts[1])), new(transports[1], await PlaceAsync(hosts[1], hosts[0]))];

        // What the start has begun is over.
        await WaitForAsync(() => hosts.All(host => host.Services.GetRequiredService<SiloRuntime>().Pending.Count == 0));

        return (silos[0], silos[1]);
    }

    /// <summary>Waits until both silos know both: a hint to a silo that is not known to be active is not taken.</summary>
    private static Task WaitForActiveAsync(IHost[] hosts) =>
        WaitForAsync(() => hosts.All(host => host.Services.GetRequiredService<ISiloStatusOracle>().GetActiveSilos().Length == hosts.Length));

    /// <summary>A grain of another silo, whose place is known, so that a call is one message.</summary>
    private static async Task<ICallListGrain> PlaceAsync(IHost caller, IHost place)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, AddressOf(place));
        var grain = caller.Services.GetRequiredService<IGrainFactory>().GetGrain<ICallListGrain>(Guid.NewGuid());
        Assert.Equal(AddressOf(place).ToString(), await grain.WhereAsync().WaitAsync(s_limit));
        Assert.Empty(await grain.ListAsync().WaitAsync(s_limit));
        RequestContext.Clear();
        return grain;
    }

    private IMessageTransport NewNetwork(bool isTcp)
    {
        if (!isTcp)
        {
            return _memory;
        }

        var network = new TcpTransport(new TcpSettings(1 << 20, s_limit, new SocketConnectionOptions()), NullLogger<TcpTransport>.Instance);
        _networks.Add(network);
        return network;
    }

    private async Task<IHost> StartSiloAsync(int index, IMessageTransport? transport, Action<ISiloBuilder>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        if (transport is not null)
        {
            builder.Services.AddSingleton(transport);
        }

        // Nothing is sent but what the tests send.
        builder.Services.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromHours(1);
            options.TableRefreshTimeout = TimeSpan.FromHours(1);
            options.IAmAliveTablePublishTimeout = TimeSpan.FromHours(1);
        });
        // A busy machine takes longer than the default for a handshake.
        builder.Services.Configure<ConnectionOptions>(options => options.OpenConnectionTimeout = s_limit);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(_ports[index].Silo, _ports[index].Gateway, new IPEndPoint(IPAddress.Loopback, _ports[0].Silo), "service", "connections");
            configure?.Invoke(silo);
        });
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync().WaitAsync(s_limit);
        return host;
    }

    /// <param name="Calls">A grain of the other silo.</param>
    private sealed record FragileSilo(FragileTransport Transport, ICallListGrain Calls)
    {
        public int CallCount { get; set; }
    }
}

[Alias("test.ICallListGrain")]
public interface ICallListGrain : IGrainWithGuidKey
{
    [Alias("Add")]
    Task AddAsync(int number);

    [Alias("List")]
    Task<List<int>> ListAsync();

    [Alias("Where")]
    Task<string> WhereAsync();
}

[GrainType("test.calllist"), RandomPlacement]
internal sealed class CallListGrain : Grain, ICallListGrain
{
    private readonly List<int> _numbers = [];

    public Task AddAsync(int number)
    {
        _numbers.Add(number);
        return Task.CompletedTask;
    }

    public Task<List<int>> ListAsync() => Task.FromResult(_numbers);

    public Task<string> WhereAsync() => Task.FromResult(RuntimeIdentity);
}
