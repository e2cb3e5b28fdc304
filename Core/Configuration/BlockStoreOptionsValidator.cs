using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="BlockStoreOptions"/> at start. Thread-safe.</summary>
public sealed class BlockStoreOptionsValidator : IValidateOptions<BlockStoreOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, BlockStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:BlockStore");
        failures.CheckRange(nameof(options.MaxMemoryBytes), options.MaxMemoryBytes, 0, long.MaxValue, "it is a number of bytes");
        return failures.Result;
    }
}
