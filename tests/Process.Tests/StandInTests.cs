using System.Security.Cryptography.X509Certificates;
using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.TestKit;
using Dpark.Tests.Process.Clusters;
using Microsoft.Extensions.Logging;

namespace Dpark.Tests.Process;

/// <summary>
/// The process that is started for a task when the last worker is to be spared, in clusters other than those of <see cref="HarmfulCodeTests"/>. The task ends every process but that one, so a result
/// shows that it ran there.
/// </summary>
public sealed class StandInTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(4);

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task StandIn_ClusterOfThisMachine_RunsTheTask()
    {
        List<ChildSilo> silos = [];
        try
        {
            // The membership is in the first one, so the task must not end that.
            silos.Add(StartLocal(0, null));
            await silos[0].Ready;
            silos.Add(StartLocal(1, silos[0]));
            silos.Add(StartLocal(2, silos[0]));
            await Task.WhenAll(silos.Select(silo => silo.Ready));
            var options = new ConnectOptions { ClusterId = "stand-in", MinimumLogLevel = LogLevel.Critical, Timeout = s_limit };
            options.Gateways.Add(silos[0].Gateway);

            await AssertRunsInStandInAsync(options, silos[0].ProcessId, () => string.Join(Environment.NewLine, silos.Select(silo => silo.Log)));

            Assert.All(silos.Skip(1), silo => Assert.True(silo.HasExited, silo.Log));
            Assert.False(silos[0].HasExited, silos[0].Log);
        }
        finally
        {
            foreach (var silo in silos)
            {
                await silo.DisposeAsync();
            }
        }
    }

    [RedisFact]
    public async Task StandIn_ClusterWithTls_RunsTheTask()
    {
        using var authority = new TestAuthority();
        var trusted = _directory.Write("ca.pem", authority.Certificate.ExportCertificatePem());
        var (certificate, key) = Issue(authority, "silo");
        await using var cluster = await ChildCluster.StartAsync(
            siloCount: 3, "--tls-certificate", certificate, "--tls-key", key, "--tls-ca", trusted, "--tls-server-name", "silo");
        var options = cluster.NewOptions();
        options.Timeout = s_limit;
        (options.Tls.CertificateFile, options.Tls.KeyFile) = Issue(authority, "client");
        (options.Tls.TrustedFile, options.Tls.ServerName) = (trusted, "silo");

        await AssertRunsInStandInAsync(options, spared: 0, cluster.Logs);

        Assert.Single(cluster.Silos, silo => !silo.HasExited);
    }

    private static async Task AssertRunsInStandInAsync(ConnectOptions options, int spared, Func<string> logs)
    {
        await using var dpark = await ChildCluster.ConnectAsync(options);
        try
        {
            var result = await dpark.Range(7, 1, 1).Map(n => RunOnlyInStandIn(n, spared)).CollectAsync().WaitAsync(s_limit);
            Assert.Equal([7L], result);
        }
        catch (Exception e)
        {
            Assert.Fail($"{e.Message} {logs()}");
        }
    }

    private static long RunOnlyInStandIn(long n, int spared)
    {
        if (Environment.GetCommandLineArgs().Contains("--stand-in"))
        {
            return n;
        }

        if (Environment.ProcessId == spared)
        {
            throw new InvalidOperationException("Not here.");
        }

        Environment.FailFast("Not here.");
        return 0;
    }

    private ChildSilo StartLocal(int index, ChildSilo? first) => ChildSilo.Start(
        [
            "--localhost", "--cluster-id", "stand-in", "--work-dir", _directory.PathOf($"work/{index}"), "--cores", "1",
            .. first is null ? Array.Empty<string>() : ["--primary", $"127.0.0.1:{first.Port}"],
        ],
        new Dictionary<string, string> { ["Orleans__ClusterMembership__ProbeTimeout"] = $"{ChildCluster.ProbeTime / 3}" });

    private (string Certificate, string Key) Issue(TestAuthority authority, string name)
    {
        using var certificate = authority.Issue(name);
        using var key = certificate.GetECDsaPrivateKey()!;
        return (_directory.Write($"{name}.pem", certificate.ExportCertificatePem()), _directory.Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }
}
