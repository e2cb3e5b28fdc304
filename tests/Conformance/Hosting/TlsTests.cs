using System.Net;
using System.Security.Authentication;
using Dpark.Conformance.Calls;
using Dpark.Conformance.Clusters;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Connections.Security;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Dpark.Conformance.Hosting;

public sealed class TlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new("stranger");

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public void TlsOptions_Defaults_AreTheDocumentedOnes()
    {
        var options = new TlsOptions();

        Assert.Equal((RemoteCertificateMode.RequireCertificate, RemoteCertificateMode.AllowCertificate), (options.RemoteCertificateMode, options.ClientCertificateMode));
        Assert.Equal(SslProtocols.Tls12 | SslProtocols.Tls13, options.SslProtocols);
        Assert.Equal(TimeSpan.FromSeconds(10), options.HandshakeTimeout);
        Assert.False(options.CheckCertificateRevocation);
        Assert.Null(options.LocalCertificate);
        Assert.Null(options.RemoteCertificateValidation);
        Assert.Throws<ArgumentOutOfRangeException>(() => options.HandshakeTimeout = TimeSpan.Zero);
    }

    [Fact]
    public void UseTls_WithoutCertificate_IsRefusedAtOnce()
    {
        var builder = SiloHosts.NewBuilder();

        var silo = Assert.Throws<InvalidOperationException>(() => builder.UseSilo(silo => silo.UseTls(_ => { })));
        var client = Assert.Throws<InvalidOperationException>(() => SiloHosts.NewBuilder().UseOrleansClient(
            client => client.UseTls(options => options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate)));

        Assert.Equal(("No certificate specified", "No certificate specified"), (silo.Message, client.Message));
    }

    [InProcessFact]
    public async Task Client_WithCertificateThatSilosTrust_CallsGrains()
    {
        using var silo = await StartSiloAsync(silo => silo.UseTls(Trust(_authority)));
        using var client = NewClient(silo.Gateway, client => client.UseTls(_authority.Issue("client"), Trust(_authority, "client")));

        await client.StartAsync().Within("the start of the client");
        var answer = await client.Services.GetRequiredService<IClusterClient>().GetGrain<ISignatureGrain>(TestKeys.New()).AddAsync(7).Within("a call");
        await client.StopAsync().Within("the stop of the client");

        Assert.Equal(7, answer);
    }

    [InProcessFact]
    public async Task Client_WithoutCertificateWhereSilosAllowIt_CallsGrains()
    {
        using var silo = await StartSiloAsync(silo => silo.UseTls(options =>
        {
            Trust(_authority)(options);
            options.RemoteCertificateMode = RemoteCertificateMode.AllowCertificate;
        }));
        using var client = NewClient(silo.Gateway, client => client.UseTls(options =>
        {
            Trust(_authority)(options);
            options.LocalCertificate = null;
        }));

        await client.StartAsync().Within("the start of the client");
        var answer = await client.Services.GetRequiredService<IClusterClient>().GetGrain<ISignatureGrain>(TestKeys.New()).AddAsync(7).Within("a call");
        await client.StopAsync().Within("the stop of the client");

        Assert.Equal(7, answer);
    }

    [InProcessFact]
    public async Task Silos_WithTls_FormOneCluster()
    {
        using var first = await StartSiloAsync(silo => silo.UseTls(Trust(_authority)));
        using var second = await StartSiloAsync(silo => silo.UseTls(Trust(_authority)), first.Silo);
        using var client = NewClient(second.Gateway, client => client.UseTls(Trust(_authority)));

        await client.StartAsync().Within("the start of the client");
        var hosts = await client.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true).Within("a call");
        await client.StopAsync().Within("the stop of the client");

        Assert.Equal(2, hosts.Count);
    }

    [InProcessFact]
    public async Task Client_OfAnotherAuthority_DoesNotConnect()
    {
        using var silo = await StartSiloAsync(silo => silo.UseTls(Trust(_authority)));
        using var client = NewClient(silo.Gateway, client => client.UseTls(_stranger.Issue("client"), options => options.AllowAnyRemoteCertificate()));

        await AssertDoesNotConnectAsync(client);
    }

    [InProcessFact]
    public async Task Client_AtSiloOfAnotherAuthority_DoesNotConnect()
    {
        using var silo = await StartSiloAsync(silo => silo.UseTls(Trust(_stranger)));
        using var client = NewClient(silo.Gateway, client => client.UseTls(Trust(_authority)));

        await AssertDoesNotConnectAsync(client);
    }

    [InProcessFact]
    public async Task Client_WithoutTlsAtSiloWithIt_DoesNotConnect()
    {
        using var silo = await StartSiloAsync(silo => silo.UseTls(Trust(_authority)));
        using var client = NewClient(silo.Gateway, _ => { });

        await AssertDoesNotConnectAsync(client);
    }

    [InProcessFact]
    public async Task Client_WithTlsAtSiloWithoutIt_DoesNotConnect()
    {
        using var silo = await StartSiloAsync(_ => { });
        using var client = NewClient(silo.Gateway, client => client.UseTls(Trust(_authority)));

        await AssertDoesNotConnectAsync(client);
    }

    /// <summary>Shows a certificate of an authority, and trusts those that it has issued for silos.</summary>
    private static Action<TlsOptions> Trust(TestAuthority authority, string? name = null) => options =>
    {
        options.LocalCertificate = authority.Issue(name ?? "silo");
        options.RemoteCertificateValidation = (certificate, _, _) => authority.HasIssued(certificate);
        options.OnAuthenticateAsClient = (_, client) => client.TargetHost = "silo";
    };

    private static async Task<RunningSilo> StartSiloAsync(Action<ISiloBuilder> configure, int? primary = null)
    {
        var builder = SiloHosts.NewBuilder();
        var (silo, gateway) = (FreePorts.Next(), FreePorts.Next());
        builder.UseOrleans(siloBuilder =>
        {
            siloBuilder.UseLocalhostClustering(silo, gateway, primary is { } port ? new IPEndPoint(IPAddress.Loopback, port) : null);
            configure(siloBuilder);
        });
        var host = builder.Build();
        await host.StartAsync().Within("the start of a silo");
        return new RunningSilo(host, silo, gateway);
    }

    private static async Task AssertDoesNotConnectAsync(IHost client)
    {
        using var patience = new CancellationTokenSource(Differences.ClientsWaitForAGateway ? TimeSpan.FromSeconds(5) : Waiting.Limit);

        var exception = await client.StartAsync(patience.Token).FailureWithin("the start of the client");

        Assert.True(exception is ConnectionFailedException || (Differences.ClientsWaitForAGateway && exception is OperationCanceledException), exception.ToString());
    }

    private static IHost NewClient(int gateway, Action<IClientBuilder> configure)
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseOrleansClient(client => configure(client.UseLocalhostClustering(gateway)));
        return builder.Build();
    }

    private sealed record RunningSilo(IHost Host, int Silo, int Gateway) : IDisposable
    {
        public void Dispose()
        {
            Host.StopAsync().GetAwaiter().GetResult();
            Host.Dispose();
        }
    }
}
