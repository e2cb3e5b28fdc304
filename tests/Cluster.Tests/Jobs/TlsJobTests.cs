using System.Net;
using System.Security.Cryptography.X509Certificates;
using Dpark.Configuration;
using Dpark.Hosting;
using Dpark.Rdds;
using Dpark.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime.Messaging;

namespace Dpark.Jobs;

/// <summary>Two silos and a driver as hosts of their own, whose calls and blocks are secured with certificates of files.</summary>
public sealed class TlsJobTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpark-tls-jobs-");
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Job_EverythingSecured_ShufflesAndReturnsLargeResults()
    {
        int[] ports = [FreePorts.Next(), FreePorts.Next(), FreePorts.Next(), FreePorts.Next()];
        using var first = NewSilo(ports[0], ports[1], ports[0]);
        using var second = NewSilo(ports[2], ports[3], ports[0]);
        await first.StartAsync().WaitAsync(Limit);
        await second.StartAsync().WaitAsync(Limit);
        using var driver = NewDriver(ports[1], client => client.UseDparkTls());
        await driver.StartAsync().WaitAsync(Limit);

        await using (var dpark = new DparkContext(driver.Services.GetRequiredService<IClusterClient>(), new DparkClientOptions { ClusterSecret = Secret }))
        {
            var pairs = await dpark.Range(0, 100_000, 8).Map(n => (Key: n % 20_000, Value: n)).ReduceByKey((a, b) => a + b).CollectAsync().WaitAsync(Limit);

            Assert.Equal(20_000, pairs.Length);
            Assert.Equal(Enumerable.Range(0, 100_000).Sum(n => (long)n), pairs.Sum(pair => pair.Value));
        }

        // A client may also try for as long as it is let.
        using var stranger = NewDriver(ports[1], _ => { });
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        var error = await Assert.ThrowsAnyAsync<Exception>(() => stranger.StartAsync(patience.Token).WaitAsync(Limit));
        Assert.True(error is OperationCanceledException || (error is ConnectionFailedException && error.Message.Contains($"127.0.0.1:{ports[1]}", StringComparison.Ordinal)), error.ToString());
        await driver.StopAsync().WaitAsync(Limit);
        await second.StopAsync().WaitAsync(Limit);
        await first.StopAsync().WaitAsync(Limit);
    }

    private static string Secret => new('s', 32);

    private IHost NewSilo(int port, int gatewayPort, int primary)
    {
        var builder = NewBuilder();
        builder.Configuration["Dpark:Security:ClusterSecret"] = Secret;
        builder.Configuration["Dpark:WorkDirectory:Roots:0"] = Directory.CreateDirectory(Path.Combine(_directory.FullName, $"silo-{port}")).FullName;
        builder.UseOrleans(silo => silo.UseLocalhostClustering(port, gatewayPort, new IPEndPoint(IPAddress.Loopback, primary)).AddDparkWorker());
        return builder.Build();
    }

    private IHost NewDriver(int gatewayPort, Action<IClientBuilder> configure)
    {
        var builder = NewBuilder();
        builder.UseOrleansClient(client => configure(client.UseLocalhostClustering(gatewayPort)));
        return builder.Build();
    }

    private HostApplicationBuilder NewBuilder()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        var certificate = Path.Combine(_directory.FullName, "own.pfx");
        var trusted = Path.Combine(_directory.FullName, "trusted.pem");
        using var issued = _authority.Issue("cluster", usages: [TestAuthority.ForServers, TestAuthority.ForClients]);
        File.WriteAllBytes(certificate, issued.Export(X509ContentType.Pkcs12));
        File.WriteAllText(trusted, _authority.Certificate.ExportCertificatePem());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Dpark:Security:Tls:CertificateFile"] = certificate,
            ["Dpark:Security:Tls:TrustedFile"] = trusted,
            ["Dpark:Security:Tls:ServerName"] = "cluster",
        });
        return builder;
    }
}
