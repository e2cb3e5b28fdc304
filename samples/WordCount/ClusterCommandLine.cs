using System.CommandLine;
using System.CommandLine.Parsing;
using Dpark.Configuration;

namespace WordCount;

/// <summary>The options that name a cluster to run on.</summary>
internal sealed class ClusterCommandLine
{
    private const int MaxSeconds = 3600;

    private readonly Option<string?> _gateways = new("--cluster")
    {
        HelpName = "HOST:PORT[,...]",
        Description = "Run on the cluster that has these gateways, instead of in this process. Its workers must see the same files.",
    };

    private readonly Option<string?> _redis = new("--redis")
    {
        HelpName = "HOST:PORT",
        Description = "Run on the cluster whose silos are in this Redis. Its password, if any, is in DPARK_REDIS_PASSWORD.",
    };

    private readonly Option<string> _id = new("--cluster-id") { HelpName = "ID", DefaultValueFactory = _ => "dev", Description = "The id of that cluster." };

    private readonly Option<string?> _secretFile = new("--secret-file") { HelpName = "FILE", Description = "A file that holds the cluster's secret." };

    private readonly Option<string?> _certificate = new("--tls-certificate")
    {
        HelpName = "FILE",
        Description = "The certificate of this program, PEM, or PKCS #12 with its key. Its password is in DPARK_TLS_PASSWORD.",
    };

    private readonly Option<string?> _key = new("--tls-key") { HelpName = "FILE", Description = "The certificate's private key, PEM, unless it is in the same file." };
    private readonly Option<string?> _trusted = new("--tls-ca") { HelpName = "FILE", Description = "Certificates that those of silos must be issued by, PEM." };
    private readonly Option<string?> _serverName = new("--tls-server-name") { HelpName = "NAME", Description = "The name in the certificates of all silos." };

    private readonly Option<int?> _timeout = new("--timeout")
    {
        HelpName = "N",
        CustomParser = result => CommandLine.ParseNumber(result, MaxSeconds),
        Description = "Seconds until the cluster must have answered. Default: 8.",
    };

    private string? _secret;

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Array.ForEach<Option>([_gateways, _redis, _id, _secretFile, _certificate, _key, _trusted, _serverName, _timeout], command.Add);
        _secretFile.Validators.Add(ReadSecret);
        command.Validators.Add(CheckTogether);
    }

    /// <summary>What they say.</summary>
    /// <returns><see langword="null"/> if they name no cluster.</returns>
    public ConnectOptions? Read(ParseResult result)
    {
        var redis = result.GetValue(_redis);
        var gateways = result.GetValue(_gateways);
        if (redis is null && gateways is null)
        {
            return null;
        }

        var options = new ConnectOptions { Redis = redis, RedisPassword = Environment.GetEnvironmentVariable("DPARK_REDIS_PASSWORD"), ClusterId = result.GetValue(_id)! };
        foreach (var gateway in gateways?.Split(',', StringSplitOptions.TrimEntries) ?? [])
        {
            options.Gateways.Add(gateway);
        }

        if (result.GetValue(_timeout) is { } seconds)
        {
            options.Timeout = TimeSpan.FromSeconds(seconds);
        }

        options.Client.ClusterSecret = _secret;
        options.Tls.CertificateFile = result.GetValue(_certificate);
        options.Tls.KeyFile = result.GetValue(_key);
        options.Tls.TrustedFile = result.GetValue(_trusted);
        options.Tls.ServerName = result.GetValue(_serverName);
        return options;
    }

    private void ReadSecret(OptionResult result)
    {
        try
        {
            _secret = File.ReadAllText(result.GetValueOrDefault<string?>() ?? "").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            result.AddError($"--secret-file cannot be read: {e.Message}");
        }
    }

    private void CheckTogether(CommandResult result)
    {
        var isOnCluster = result.GetResult(_gateways) is not null || result.GetResult(_redis) is not null;
        Option[] others = [_secretFile, _certificate, _key, _trusted, _serverName, _timeout];
        if (result.GetResult(_gateways) is not null && result.GetResult(_redis) is not null)
        {
            result.AddError("--cluster and --redis are both given. Say with one of them where the cluster is.");
        }
        else if (!isOnCluster && (others.Any(option => result.GetResult(option) is not null) || result.GetResult(_id) is { Implicit: false }))
        {
            result.AddError("An option of a cluster is given, and no cluster. Name it by --cluster or --redis.");
        }
    }
}
