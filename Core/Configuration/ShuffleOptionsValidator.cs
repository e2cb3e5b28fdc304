using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="ShuffleOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class ShuffleOptionsValidator : IValidateOptions<ShuffleOptions>
{
    private const long MinSpillBytes = 64 << 10;
    private const long MaxSpillBytes = 1L << 40;
    private const int MinFrameBytes = 1 << 10;
    private const int MaxFrameBytes = 64 << 20;
    private const int MaxWidth = 1024;
    private const int MaxFetches = 256;
    private const long MaxMemoryBytes = 1L << 30;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ShuffleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Shuffle");
        if (!Enum.IsDefined(options.Compression))
        {
            failures.Add(nameof(options.Compression), options.Compression.ToString("D"), "None or Lz4", "readers know no other");
        }

        failures.CheckRange(
            nameof(options.SpillThresholdBytes), options.SpillThresholdBytes, MinSpillBytes, MaxSpillBytes, "each spill is a file, and what is not spilled is memory");
        failures.CheckRange(nameof(options.FrameBytes), options.FrameBytes, MinFrameBytes, MaxFrameBytes, "each frame has a header, and is in memory as a whole");
        failures.CheckRange(nameof(options.MaxMergeWidth), options.MaxMergeWidth, 2, MaxWidth, "each merged file takes a file handle and a frame of memory");
        failures.CheckRange(nameof(options.MaxMemoryBytes), options.MaxMemoryBytes, 0, MaxMemoryBytes, "larger outputs are files anyway, and 0 makes all of them files");
        failures.CheckRange(nameof(options.MaxParallelFetches), options.MaxParallelFetches, 1, MaxFetches, "each fetch is a connection");
        return failures.Result;
    }
}
