using Dpark.Clusters;
using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="ConnectOptions"/> with the options of the driver, all at once. Thread-safe.</summary>
public sealed class ConnectOptionsValidator : IValidateOptions<ConnectOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ConnectOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures(nameof(ConnectOptions));
        if (options.Gateways.Count == 0 == options.Redis is null)
        {
            failures.Add(
                nameof(options.Gateways),
                options.Redis is null ? "empty, and so is Redis" : "set, and so is Redis",
                "one of the two",
                "the cluster is found by its gateways or through Redis");
        }

        foreach (var gateway in options.Gateways)
        {
            CheckEndpoint(failures, nameof(options.Gateways), gateway);
        }

        if (options.Redis is { } redis)
        {
            CheckEndpoint(failures, nameof(options.Redis), redis);
        }

        if (string.IsNullOrWhiteSpace(options.ClusterId))
        {
            failures.Add(nameof(options.ClusterId), "empty", "the id that the silos have", "silos of other clusters do not answer");
        }

        if (options.RedisPassword is { } password && password.AsSpan().ContainsAny(',', '\n'))
        {
            failures.Add(nameof(options.RedisPassword), "not shown", "one without commas and line ends", "it is part of a connection string");
        }

        failures.CheckRange(nameof(options.Timeout), options.Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), "a cluster that is not there must be told some time");
        var client = new DparkClientOptionsValidator().Validate(null, options.Client);
        var tls = new ClusterTlsOptionsValidator().Validate(null, options.Tls);
        string[] all = [.. failures.Result.Failures ?? [], .. tls.Failures ?? [], .. client.Failures ?? []];
        return all.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(all);
    }

    private static void CheckEndpoint(OptionFailures failures, string key, string endpoint)
    {
        if (!ClusterEndpoint.TryParse(endpoint, out _))
        {
            failures.Add(key, $"'{endpoint}'", ClusterEndpoint.Form, "it is called there");
        }
    }
}
