using System.Net;
using System.Net.Sockets;
using Dpark.TestKit;

namespace Dpark.Hosting;

public sealed class SiloProgramTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _root = Directory.CreateTempSubdirectory("dpark-test-").FullName;
    private readonly StringWriter _error = new();

    private string[] ErrorLines => _error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public async Task Parse_AllOptions_FillsTheSettings()
    {
        SiloSettings? seen = null;
        var command = SiloCommandLine.Parse(
            [
                "--redis", "redis-1:6379", "--host", "10.0.0.5", "--cluster-id", "c", "--port", "1", "--gateway-port", "65535", "--work-dir", "/a,/b", "--cores", "3",
                "--memory", "4GiB", "--secret-file", "secret.txt",
            ],
            settings =>
            {
                seen = settings;
                return Task.FromResult(7);
            });

        var code = await command.InvokeAsync();

        Assert.Equal(7, code);
        Assert.Equal(
            new SiloSettings
            {
                ClusterId = "c",
                Port = 1,
                GatewayPort = 65_535,
                Redis = new("redis-1", 6379),
                Address = IPAddress.Parse("10.0.0.5"),
                WorkDirectories = "/a,/b",
                SlotCount = 3,
                MemoryBytes = 4L << 30,
                SecretFile = "secret.txt",
            },
            seen);
    }

    [Fact]
    public async Task Parse_Localhost_HasThePortsOfOrleans()
    {
        SiloSettings? seen = null;
        var command = SiloCommandLine.Parse(["--localhost", "--primary", "[::1]:12000"], settings =>
        {
            seen = settings;
            return Task.FromResult(0);
        });

        await command.InvokeAsync();

        Assert.Equal(new SiloSettings { ClusterId = "dev", Port = 11_111, GatewayPort = 30_000, Primary = new("::1", 12_000) }, seen);
    }

    [Fact]
    public async Task ToArguments_Parsed_GiveTheSameSettings()
    {
        SiloSettings[] all =
        [
            new() { ClusterId = "dev", Port = 11_111, GatewayPort = 30_000, Primary = new("::1", 12_000), IsStandIn = true, SlotCount = 1 },
            new()
            {
                ClusterId = "c",
                Port = 1,
                GatewayPort = 65_535,
                Redis = new("redis-1", 6379),
                Address = IPAddress.Parse("10.0.0.5"),
                WorkDirectories = "/a,/b",
                SlotCount = 3,
                MemoryBytes = (4L << 30) + 1,
                SecretFile = "secret.txt",
            },
        ];
        foreach (var settings in all)
        {
            SiloSettings? seen = null;
            await SiloCommandLine.Parse([.. settings.ToArguments()], read =>
            {
                seen = read;
                return Task.FromResult(0);
            }).InvokeAsync();

            Assert.Equal(settings, seen);
        }
    }

    [Fact]
    public async Task ToArguments_Tls_NameItsFiles()
    {
        var tls = new Dpark.Configuration.ClusterTlsOptions { CertificateFile = "silo.pem", KeyFile = "silo.key", TrustedFile = "ca.pem", ServerName = "silo" };
        SiloSettings? seen = null;
        await SiloCommandLine.Parse([.. new SiloSettings { ClusterId = "dev", Port = 1, GatewayPort = 2, Tls = tls }.ToArguments()], read =>
        {
            seen = read;
            return Task.FromResult(0);
        }).InvokeAsync();

        Assert.Equal(("silo.pem", "silo.key", "ca.pem", "silo"), (seen!.Tls!.CertificateFile, seen.Tls.KeyFile, seen.Tls.TrustedFile, seen.Tls.ServerName));
    }

    [Theory]
    [InlineData("--port is 0. Give a whole number from 1 to 65535.", "--localhost --port 0")]
    [InlineData("--gateway-port is 70000. Give a whole number from 1 to 65535.", "--localhost --gateway-port 70000")]
    [InlineData("--cores is many. Give a whole number from 1 to 4096.", "--localhost --cores many")]
    [InlineData("--cluster-id is empty. Give the cluster a name.", "--localhost --cluster-id  ")]
    [InlineData("--work-dir is empty. Name a directory.", "--localhost --work-dir  ")]
    [InlineData("--memory is 4x. Give a size of at least 64m: a whole number, and k, m, g or t for powers of 1024.", "--localhost --memory 4x")]
    [InlineData("--memory is 1k. Give a size of at least 64m: a whole number, and k, m, g or t for powers of 1024.", "--localhost --memory 1k")]
    [InlineData("--memory is 99999999t. Give a size of at least 64m: a whole number, and k, m, g or t for powers of 1024.", "--localhost --memory 99999999t")]
    [InlineData("--redis is 6379. Give HOST:PORT, with a port from 1 to 65535.", "--redis 6379")]
    [InlineData("--redis is ::1:6379. Give HOST:PORT, with a port from 1 to 65535.", "--redis ::1:6379")]
    [InlineData("--primary is a:0. Give HOST:PORT, with a port from 1 to 65535.", "--localhost --primary a:0")]
    [InlineData("--host is 0.0.0.0. Give an address of this machine that others reach it by, such as 10.0.0.5.", "--redis a:1 --host 0.0.0.0")]
    [InlineData("--localhost and --redis are both given. Say with one of them where the cluster is.", "--localhost --redis a:1")]
    [InlineData("Neither --localhost nor --redis is given. Say with one of them where the cluster is.", "--cores 2")]
    [InlineData("--primary is given with --redis. Only a cluster of --localhost has a first silo.", "--redis a:1 --primary b:2")]
    [InlineData("--host is given with --localhost. Only silos of --redis can be on other machines.", "--localhost --host 10.0.0.5")]
    public void Parse_WrongValue_SaysWhatIsRight(string expected, string arguments)
    {
        var command = SiloCommandLine.Parse(arguments.Split(' '), _ => Task.FromResult(0));

        Assert.Contains(expected, command.Errors.Select(error => error.Message));
    }

    [Fact]
    public async Task Run_PortsInUse_NamesThemAndGivesTwo()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var code = await RunAsync(NewSettings() with { Port = port, GatewayPort = port });

        Assert.Equal(SiloProgram.WrongInput, code);
        Assert.Equal(
            [
                $"--port and --gateway-port are both {port}. Give each its own.",
                $"--port is {port}, which another program uses on 127.0.0.1. Give a free port.",
                $"--gateway-port is {port}, which another program uses on 127.0.0.1. Give a free port.",
            ],
            ErrorLines);
    }

    [Fact]
    public async Task Run_NobodyAtTheAddresses_NamesThemAndGivesTwo()
    {
        var port = FreePorts.Next();

        var code = await RunAsync(NewSettings() with { Redis = new("127.0.0.1", port), Primary = new("127.0.0.1", port) });

        Assert.Equal(SiloProgram.WrongInput, code);
        Assert.Equal(
            [
                $"Redis at 127.0.0.1:{port} does not answer: nothing listens there. Start it, or give --redis the address of the one that the cluster uses.",
                $"The first silo at 127.0.0.1:{port} does not answer: nothing listens there. Start it before the others, and give --primary its --port.",
            ],
            ErrorLines);
    }

    [Fact]
    public async Task Run_WorkDirectoryIsAFile_NamesItAndGivesTwo()
    {
        var file = Path.Combine(_root, "file");
        await File.WriteAllTextAsync(file, "");

        var code = await RunAsync(NewSettings() with { WorkDirectories = $"{_root},{file}" });

        Assert.Equal(SiloProgram.WrongInput, code);
        Assert.Contains(file, Assert.Single(ErrorLines), StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task Run_SecretFileIsMissing_NamesItAndGivesTwo()
    {
        var file = Path.Combine(_root, "secret");

        var code = await RunAsync(NewSettings() with { SecretFile = file });

        Assert.Equal(SiloProgram.WrongInput, code);
        Assert.Contains(file, Assert.Single(ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_UnknownOption_IsAnError() => Assert.NotEmpty(SiloCommandLine.Parse(["--what"], _ => Task.FromResult(0)).Errors);

    [Fact]
    public async Task Run_RootIsNotAbsolute_NamesItAndGivesTwo()
    {
        var code = await RunAsync(NewSettings() with { WorkDirectories = "relative" });

        Assert.Equal(SiloProgram.WrongInput, code);
        Assert.Equal(
            "Dpark:WorkDirectory:Roots:0 is 'relative'. Set an absolute path: processes of one run may have different current directories.",
            Assert.Single(ErrorLines));
    }

    [Fact]
    public async Task Run_TokenFires_StopsAndLeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        string[] directories = [];

        var settings = NewSettings();
        using var output = new StringWriter();

        var code = await SiloProgram.RunAsync(settings, output, _error, stop.Token, onStarted: () =>
        {
            directories = Directory.GetDirectories(_root);
            stop.Cancel();
        }).WaitAsync(Limit);

        Assert.Equal(0, code);
        Assert.Single(directories);
        Assert.StartsWith(
            $"Silo 127.0.0.1:{settings.Port} of cluster '{settings.ClusterId}' is ready: gateway 127.0.0.1:{settings.GatewayPort}, 2 slots, blocks at 127.0.0.1:",
            output.ToString(),
            StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    public void Dispose()
    {
        _error.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private Task<int> RunAsync(SiloSettings settings) => SiloProgram.RunAsync(settings, TextWriter.Null, _error, CancellationToken.None).WaitAsync(Limit);

    private SiloSettings NewSettings() =>
        new() { ClusterId = $"c-{Guid.NewGuid():N}", Port = FreePorts.Next(), GatewayPort = FreePorts.Next(), WorkDirectories = _root, SlotCount = 2 };
}
