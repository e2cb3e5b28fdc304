using System.CommandLine;
using System.CommandLine.Parsing;
using Dpark.Configuration;

namespace WordCount;

/// <summary>The options that name a cluster to run on.</summary>
internal sealed class ClusterCommandLine
{
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

    private string? _secret;

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Array.ForEach<Option>([_gateways, _redis, _id, _secretFile], command.Add);
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

        options.Client.ClusterSecret = _secret;
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
        if (result.GetResult(_gateways) is not null && result.GetResult(_redis) is not null)
        {
            result.AddError("--cluster and --redis are both given. Say with one of them where the cluster is.");
        }
        else if (!isOnCluster && (result.GetResult(_secretFile) is not null || result.GetResult(_id) is { Implicit: false }))
        {
            result.AddError("An option of a cluster is given, and no cluster. Name it by --cluster or --redis.");
        }
    }
}
