using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Management;

namespace Orleans.Runtime;

/// <summary>Says whether the gateway of this silo has to refuse requests. Thread-safe.</summary>
internal sealed class OverloadDetector(IOptions<LoadSheddingOptions> options, LocalLoad load)
{
    private readonly LoadSheddingOptions _options = options.Value;

    /// <summary>Why requests are refused; null: they are not.</summary>
    public string? Reason
    {
        get
        {
            if (!_options.LoadSheddingEnabled)
            {
                return null;
            }

            var now = load.Measure(activationCount: 0);
            var processors = now.CpuUsage * 100;
            var memory = now.MemoryTotal > 0 ? 100.0 * (now.MemoryTotal - now.MemoryAvailable) / now.MemoryTotal : 0;
            return processors > _options.CpuThreshold ? $"Its processors are in use by {processors:F0} %, and {nameof(LoadSheddingOptions.CpuThreshold)} is {_options.CpuThreshold}."
                : memory > _options.MemoryThreshold ? $"Its memory is in use by {memory:F0} %, and {nameof(LoadSheddingOptions.MemoryThreshold)} is {_options.MemoryThreshold}."
                : null;
        }
    }
}

/// <summary>Checks the thresholds.</summary>
internal sealed class LoadSheddingValidator(IOptions<LoadSheddingOptions> options) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        if (options.Value.LoadSheddingEnabled)
        {
            Check(nameof(LoadSheddingOptions.CpuThreshold), options.Value.CpuThreshold);
            Check(nameof(LoadSheddingOptions.MemoryThreshold), options.Value.MemoryThreshold);
        }
    }

    private static void Check(string name, int percent)
    {
        if (percent is < 0 or > 100)
        {
            throw new OrleansConfigurationException($"{nameof(LoadSheddingOptions)}.{name} is {percent}. Set a percentage from 0 to 100.");
        }
    }
}
