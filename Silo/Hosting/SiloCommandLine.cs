using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Dpark.Clusters;
using Dpark.Configuration;

namespace Dpark.Hosting;

/// <summary>The options of the silo program.</summary>
internal sealed class SiloCommandLine
{
    private const int MaxSlots = 4096;
    private const long MinMemoryBytes = 64L << 20;

    private readonly Option<bool> _localhost = new("--localhost") { Description = "The cluster is on this machine, and this silo is its first one unless --primary names that." };

    private readonly Option<ClusterEndpoint?> _primary = Endpoint("--primary", "With --localhost: the first silo of the cluster, which must run.");

    private readonly Option<ClusterEndpoint?> _redis = Endpoint("--redis", "The silos of the cluster find each other through this Redis. Its password, if any, is in DPARK_REDIS_PASSWORD.");

    private readonly Option<string> _clusterId = new("--cluster-id") { HelpName = "ID", DefaultValueFactory = _ => "dev", Description = "Which cluster the silo belongs to." };

    private readonly Option<IPAddress?> _host = new("--host")
    {
        HelpName = "ADDRESS",
        CustomParser = ParseAddress,
        Description = "With --redis: the address of this machine that others reach the silo by. Default: 127.0.0.1.",
    };

    private readonly Option<int?> _port = Number("--port", "Where other silos reach it. Default: 11111.", IPEndPoint.MaxPort);
    private readonly Option<int?> _gatewayPort = Number("--gateway-port", "Where clients reach it. Default: 30000.", IPEndPoint.MaxPort);

    private readonly Option<string?> _workDirectories = new("--work-dir")
    {
        HelpName = "DIR[,DIR...]",
        Description = "Where tasks keep their files, best one on each disk. Each must be an absolute path that can be written.",
    };

    private readonly Option<int?> _cores = Number("--cores", "Tasks that run at once. Default: one per processor.", MaxSlots);

    private readonly Option<long?> _memory = new("--memory")
    {
        HelpName = "SIZE",
        CustomParser = ParseMemory,
        Description = "Memory of the process, such as 512m or 4g: the managed heap stays below it, and tasks and cached partitions share 60 % of it. Default: what the process may use.",
    };

    private readonly Option<string?> _secretFile = File(
        "--secret-file", "A file that holds the cluster's secret. Without it, the secret is in the variable Dpark__Security__ClusterSecret.");

    private readonly Option<string?> _certificate = File("--tls-certificate", "The silo's certificate, for servers and clients: PEM, or PKCS #12 with its key. Its password is in DPARK_TLS_PASSWORD.");
    private readonly Option<string?> _key = File("--tls-key", "The certificate's private key, PEM, unless it is in the same file.");
    private readonly Option<string?> _trusted = File("--tls-ca", "Certificates that those of others must be issued by, PEM. Default: those that the system trusts.");

    private readonly Option<string?> _serverName = new("--tls-server-name") { HelpName = "NAME", Description = "The name in the certificates of all silos. Default: the address of each." };

    private readonly Option<bool> _standIn = new("--stand-in") { Hidden = true };

    private SiloCommandLine()
    {
    }

    /// <summary>Reads the arguments. Nothing runs before the result is invoked.</summary>
    /// <param name="run">The program; gives its exit code.</param>
    public static ParseResult Parse(string[] arguments, Func<SiloSettings, Task<int>> run)
    {
        var line = new SiloCommandLine();
        var command = new RootCommand(
            "Runs a silo with a worker of Dpark.Orleans. Further settings are read from appsettings.json and the environment, sections Dpark and Orleans.")
        {
            line._localhost, line._primary, line._redis, line._clusterId, line._host, line._port, line._gatewayPort, line._workDirectories, line._cores, line._memory,
            line._secretFile, line._certificate, line._key, line._trusted, line._serverName, line._standIn,
        };
        RefuseEmpty(line._clusterId, "Give the cluster a name.");
        RefuseEmpty(line._workDirectories, "Name a directory.");
        Array.ForEach([line._secretFile, line._certificate, line._key, line._trusted], option => RefuseEmpty(option, "Name a file."));
        command.Validators.Add(line.CheckTogether);
        command.SetAction(result => run(line.Read(result)));
        return command.Parse(arguments);
    }

    private SiloSettings Read(ParseResult result) => new()
    {
        ClusterId = result.GetValue(_clusterId)!,
        Port = result.GetValue(_port) ?? 11_111,
        GatewayPort = result.GetValue(_gatewayPort) ?? 30_000,
        Redis = result.GetValue(_redis),
        Primary = result.GetValue(_primary),
        Address = result.GetValue(_host) ?? IPAddress.Loopback,
        WorkDirectories = result.GetValue(_workDirectories),
        SlotCount = result.GetValue(_cores),
        MemoryBytes = result.GetValue(_memory),
        SecretFile = result.GetValue(_secretFile),
        Tls = ReadTls(result),
        IsStandIn = result.GetValue(_standIn),
    };

    private ClusterTlsOptions? ReadTls(ParseResult result)
    {
        Option<string?>[] all = [_certificate, _key, _trusted, _serverName];
        return all.All(option => result.GetValue(option) is null) ? null : new()
        {
            CertificateFile = result.GetValue(_certificate),
            KeyFile = result.GetValue(_key),
            TrustedFile = result.GetValue(_trusted),
            ServerName = result.GetValue(_serverName),
        };
    }

    private void CheckTogether(CommandResult result)
    {
        var isLocal = result.GetResult(_localhost) is not null;
        var hasRedis = result.GetResult(_redis) is not null;
        if (isLocal == hasRedis)
        {
            result.AddError($"{(isLocal ? "--localhost and --redis are both given" : "Neither --localhost nor --redis is given")}. Say with one of them where the cluster is.");
        }
        else if (hasRedis && result.GetResult(_primary) is not null)
        {
            result.AddError("--primary is given with --redis. Only a cluster of --localhost has a first silo.");
        }
        else if (isLocal && result.GetResult(_host) is not null)
        {
            result.AddError("--host is given with --localhost. Only silos of --redis can be on other machines.");
        }
    }

    private static void RefuseEmpty(Option option, string advice) => option.Validators.Add(result =>
    {
        if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
        {
            result.AddError($"{option.Name} is empty. {advice}");
        }
    });

    private static Option<int?> Number(string name, string description, int most) => new(name)
    {
        HelpName = "N",
        CustomParser = result => ParseNumber(result, most),
        Description = description,
    };

    private static Option<string?> File(string name, string description) => new(name) { HelpName = "FILE", Description = description };

    private static Option<ClusterEndpoint?> Endpoint(string name, string description) => new(name)
    {
        HelpName = "HOST:PORT",
        CustomParser = ParseEndpoint,
        Description = description,
    };

    private static int? ParseNumber(ArgumentResult result, int most) =>
        int.TryParse(Text(result), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number
            : Refuse<int?>(result, $"Give a whole number from 1 to {most}.");

    private static ClusterEndpoint? ParseEndpoint(ArgumentResult result) =>
        ClusterEndpoint.TryParse(Text(result), out var endpoint) ? endpoint : Refuse<ClusterEndpoint?>(result, $"Give {ClusterEndpoint.Form}.");

    private static IPAddress? ParseAddress(ArgumentResult result) =>
        IPAddress.TryParse(Text(result), out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
            ? address
            : Refuse<IPAddress?>(result, "Give an address of this machine that others reach it by, such as 10.0.0.5.");

    private static long? ParseMemory(ArgumentResult result) =>
        ByteSize.TryParse(Text(result), out var bytes) && bytes >= MinMemoryBytes
            ? bytes
            : Refuse<long?>(result, $"Give a size of at least {MinMemoryBytes >> 20}m: a whole number, and k, m, g or t for powers of 1024.");

    private static string Text(ArgumentResult result) => result.Tokens[0].Value;

    private static T? Refuse<T>(ArgumentResult result, string advice)
    {
        result.AddError($"{((OptionResult)result.Parent!).Option.Name} is {Text(result)}. {advice}");
        return default;
    }
}
