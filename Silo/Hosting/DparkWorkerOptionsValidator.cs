using Dpark.Configuration;
using Microsoft.Extensions.Options;

namespace Dpark.Hosting;

/// <summary>Checks the options of a worker at start, those of all areas at once. Thread-safe.</summary>
internal sealed class DparkWorkerOptionsValidator : IValidateOptions<DparkWorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, DparkWorkerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ValidateOptionsResult[] results =
        [
            new ExecutorOptionsValidator().Validate(name, options.Executor),
            new ShuffleOptionsValidator().Validate(name, options.Shuffle),
            new MemoryOptionsValidator().Validate(name, options.Memory),
            new CacheOptionsValidator().Validate(name, options.Cache),
            new BlockStoreOptionsValidator().Validate(name, options.BlockStore),
            new BlockServerOptionsValidator().Validate(name, options.BlockServer),
            new BlockClientOptionsValidator().Validate(name, options.BlockClient),
            new WorkDirectoryOptionsValidator().Validate(name, options.WorkDirectory),
            new SecurityOptionsValidator().Validate(name, options.Security),
            new RegistrationOptionsValidator().Validate(name, options.Registration),
        ];
        string[] failures = [.. results.SelectMany(result => result.Failures ?? [])];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
