using System.Security.Cryptography.X509Certificates;
using Dpark.TestKit;
using Dpark.Tests.Process.Clusters;

namespace Dpark.Tests.Process;

/// <summary>The sample on a cluster of processes: silos do not have its code.</summary>
public sealed class WordCountClusterTests : IDisposable
{
    private const ulong Seed = 43;
    private const long LargeBytes = 200_000_000;

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [RedisFact]
    public async Task Run_TwoHundredMegabytesOnThreeSilos_WritesTheCountsOfAwk()
    {
        var text = _directory.PathOf("words.txt");
        new ZipfText(Seed).WriteFile(text, LargeBytes);
        await using var cluster = await ChildCluster.StartAsync(siloCount: 3);

        var result = await WordCountProgram.RunAsync(
            _directory, "words.txt", "--output", "out", "--partitions", "5", "--redis", cluster.Redis.Address, "--cluster-id", cluster.Id, "--timeout", "60");

        Assert.True(result.ExitCode == 0, $"{result.Errors} {cluster.Logs()}");
        string[] files = [.. Enumerable.Range(0, 5).Select(i => _directory.PathOf($"out/part-0000{i}"))];
        Assert.Equal(await Awk.CountAsync(text), Awk.ParseCounts(string.Concat(files.Select(File.ReadAllText))));
        Assert.All(Enumerable.Range(0, 3), silo => Assert.Equal([], cluster.FilesOf(silo)));
    }

    [RedisFact]
    public async Task Run_ThroughGateways_CountsTheSame()
    {
        var words = _directory.Write("words.txt", "one two two\nthree three three\n");
        await using var cluster = await ChildCluster.StartAsync(siloCount: 2);

        var result = await WordCountProgram.RunAsync(
            _directory, words, "--cluster", string.Join(',', cluster.Silos.Select(silo => silo.Gateway)), "--cluster-id", cluster.Id, "--timeout", "60");

        Assert.True(result.ExitCode == 0, $"{result.Errors} {cluster.Logs()}");
        Assert.Equal(["three\t3", "two\t2", "one\t1"], result.OutputLines);
    }

    [RedisFact]
    public async Task Run_TlsOnBothSides_CountsAndRefusesStrangers()
    {
        var words = _directory.Write("words.txt", "one two two\nthree three three\n");
        using var authority = new TestAuthority();
        using var stranger = new TestAuthority("stranger");
        string[] trusted = ["--tls-ca", _directory.Write("ca.pem", authority.Certificate.ExportCertificatePem())];
        string[] silo = [.. Issue(authority, "silo"), .. trusted, "--tls-server-name", "silo"];
        string[] client = [.. Issue(authority, "client"), .. trusted, "--tls-server-name", "silo"];
        string[] strange = [.. Issue(stranger, "strange"), .. trusted, "--tls-server-name", "silo"];
        await using var cluster = await ChildCluster.StartAsync(siloCount: 3, silo);
        string[] arguments = [words, "--redis", cluster.Redis.Address, "--cluster-id", cluster.Id];

        var result = await WordCountProgram.RunAsync(_directory, [.. arguments, .. client, "--timeout", "60"]);
        var refused = await WordCountProgram.RunAsync(_directory, [.. arguments, .. strange]);
        var plain = await WordCountProgram.RunAsync(_directory, arguments);

        Assert.True(result.ExitCode == 0, $"{result.Errors} {cluster.Logs()}");
        Assert.Equal(["three\t3", "two\t2", "one\t1"], result.OutputLines);
        Assert.All([refused, plain], failure =>
        {
            Assert.Equal(1, failure.ExitCode);
            Assert.Contains($"Cluster '{cluster.Id}' (Redis {cluster.Redis.Address}) cannot be used", Assert.Single(failure.ErrorLines), StringComparison.Ordinal);
            Assert.Contains("TLS", failure.Errors, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("words.txt --cluster 127.0.0.1", "ConnectOptions:Gateways is '127.0.0.1'", 2)]
    [InlineData("words.txt --cluster 127.0.0.1:1 --redis 127.0.0.1:1", "--cluster and --redis are both given", 2)]
    [InlineData("words.txt --cluster-id c", "An option of a cluster is given, and no cluster", 2)]
    [InlineData("words.txt --cluster 127.0.0.1:1 --secret-file missing", "--secret-file cannot be read", 2)]
    [InlineData("words.txt --cluster 127.0.0.1:1", "Cluster 'dev' (gateways 127.0.0.1:1) cannot be used", 1)]
    [InlineData("words.txt --redis 127.0.0.1:1", "Redis does not answer", 1)]
    public async Task Run_ClusterThatCannotBeUsed_IsOneLine(string arguments, string mentioned, int exitCode)
    {
        _directory.Write("words.txt", "one two");

        var result = await WordCountProgram.RunAsync(_directory, arguments.Split(' '));

        Assert.Contains(mentioned, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(exitCode, result.ExitCode);
    }

    private string[] Issue(TestAuthority authority, string name)
    {
        using var certificate = authority.Issue(name);
        using var key = certificate.GetECDsaPrivateKey()!;
        return ["--tls-certificate", _directory.Write($"{name}.pem", certificate.ExportCertificatePem()), "--tls-key", _directory.Write($"{name}.key", key.ExportPkcs8PrivateKeyPem())];
    }

}
