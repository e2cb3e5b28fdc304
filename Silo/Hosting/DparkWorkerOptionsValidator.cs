using System.Net;
using Dpark.Configuration;
using Microsoft.Extensions.Options;

namespace Dpark.Hosting;

/// <summary>Checks the options of a worker at start, those of all areas at once, and what follows from several areas together. Thread-safe.</summary>
internal sealed class DparkWorkerOptionsValidator : IValidateOptions<DparkWorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, DparkWorkerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ValidateOptionsResult[] results =
        [
            new ExecutorOptionsValidator().Validate(name, options.Executor),
            new ShuffleOptionsValidator().Validate(name, options.Shuffle),
            new CacheOptionsValidator().Validate(name, options.Cache),
            new BlockStoreOptionsValidator().Validate(name, options.BlockStore),
            new BlockServerOptionsValidator().Validate(name, options.BlockServer),
            new BlockClientOptionsValidator().Validate(name, options.BlockClient),
            new WorkDirectoryOptionsValidator().Validate(name, options.WorkDirectory),
            new SecurityOptionsValidator().Validate(name, options.Security),
            new RegistrationOptionsValidator().Validate(name, options.Registration),
            ValidateReach(options),
        ];
        string[] failures = [.. results.SelectMany(result => result.Failures ?? [])];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static ValidateOptionsResult ValidateReach(DparkWorkerOptions options)
    {
        var failures = new OptionFailures("Dpark:Security");
        if (options.Security is { ClusterSecret: "", AllowInsecure: false } && !IsLoopback(options.BlockServer.ListenHost))
        {
            failures.Add(
                nameof(SecurityOptions.ClusterSecret),
                "empty",
                "a secret, or AllowInsecure",
                $"the block server listens on {options.BlockServer.ListenHost}, where other machines can reach it");
        }

        return failures.Result;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
