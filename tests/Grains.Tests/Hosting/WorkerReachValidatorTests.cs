using System.Net;
using Dpark.Security;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Dpark.Hosting;

public sealed class WorkerReachValidatorTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly EndpointOptions _endpoints = new() { AdvertisedIPAddress = IPAddress.Loopback };
    private readonly DparkWorkerOptions _options = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("LOCALHOST")]
    public void Validate_LoopbackOnly_NeedsNothing(string host)
    {
        _options.BlockServer.ListenHost = host;
        _endpoints.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, 1);

        Assert.True(Validate().Succeeded);
    }

    [Fact]
    public void Validate_AdvertisedOutsideAndListeningOnLoopback_NeedsNothing()
    {
        _endpoints.AdvertisedIPAddress = IPAddress.Parse("10.1.2.3");
        _endpoints.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, 1);
        _endpoints.GatewayListeningEndpoint = new IPEndPoint(IPAddress.Loopback, 2);

        Assert.True(Validate().Succeeded);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("worker-1.example.com")]
    [InlineData("::")]
    public void Validate_BlockServerOpen_NamesItAndBothThatAreMissing(string host)
    {
        _options.BlockServer.ListenHost = host;

        var failures = Validate().Failures!.ToList();

        Assert.Collection(
            failures,
            failure => Assert.StartsWith("Dpark:Security:ClusterSecret is empty. Set a secret", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("Dpark:Security:Tls:CertificateFile is not set. Set the file of a certificate", failure, StringComparison.Ordinal));
        Assert.All(failures, failure => Assert.Contains($"other machines can reach its block server on {host}, and", failure, StringComparison.Ordinal));
        Assert.All(failures, failure => Assert.Contains("AllowInsecure", failure, StringComparison.Ordinal));
    }

    [Fact]
    public void Validate_SiloOpen_NamesSiloAndGatewayWithPorts()
    {
        _options.Security.ClusterSecret = new('x', 32);
        _endpoints.AdvertisedIPAddress = IPAddress.Parse("10.1.2.3");
        _endpoints.GatewayListeningEndpoint = new IPEndPoint(IPAddress.Any, 7);

        var failure = Assert.Single(Validate().Failures!);

        Assert.Contains("the silo on 10.1.2.3:11111, its gateway on 0.0.0.0:7,", failure, StringComparison.Ordinal);
        Assert.StartsWith("Dpark:Security:Tls:CertificateFile", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_NoGateway_DoesNotNameIt()
    {
        _endpoints.AdvertisedIPAddress = IPAddress.Parse("10.1.2.3");
        _endpoints.GatewayPort = 0;

        Assert.All(Validate().Failures!, failure => Assert.DoesNotContain("gateway", failure, StringComparison.Ordinal));
    }

    [Fact]
    public void Validate_TlsWithoutSecret_AsksForTheSecretOnly()
    {
        _options.BlockServer.ListenHost = "0.0.0.0";

        Assert.StartsWith("Dpark:Security:ClusterSecret", Assert.Single(Validate(hasTls: true).Failures!), StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_TlsAndSecretOrAllowed_Succeeds()
    {
        _options.BlockServer.ListenHost = "0.0.0.0";
        _options.Security.ClusterSecret = new('x', 32);
        var secured = Validate(hasTls: true);
        _options.Security.ClusterSecret = "";
        _options.Security.AllowInsecure = true;
        var allowed = Validate();

        Assert.True(secured.Succeeded);
        Assert.True(allowed.Succeeded);
    }

    private ValidateOptionsResult Validate(bool hasTls = false)
    {
        var services = new ServiceCollection();
        if (hasTls)
        {
            services.AddSingleton(new ClusterTls(_authority.Issue("worker"), [], [], serverName: null));
        }

        using var provider = services.BuildServiceProvider();
        return new WorkerReachValidator(Options.Create(_endpoints), provider).Validate(null, _options);
    }
}
