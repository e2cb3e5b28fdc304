using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="ExecutorOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class ExecutorOptionsValidator : IValidateOptions<ExecutorOptions>
{
    private const int MaxSlots = 4096;
    private const int MinStackBytes = 1 << 20;
    private const int MaxStackBytes = 1 << 30;
    private const int MaxInlineBytes = 512 << 10;
    private const int MaxNice = 19;
    private const int MinRemembered = 1024;
    private const int MaxRemembered = 16 << 20;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ExecutorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Executor");
        failures.CheckRange(nameof(options.SlotCount), options.SlotCount, 1, MaxSlots, "each slot is a thread");
        failures.CheckRange(nameof(options.StackBytes), options.StackBytes, MinStackBytes, MaxStackBytes, "a stack that overflows ends the process");
        failures.CheckRange(
            nameof(options.MaxInlineResultBytes), options.MaxInlineResultBytes, 0, MaxInlineBytes, "a report must fit into one message");
        failures.CheckRange(
            nameof(options.RememberedAttempts), options.RememberedAttempts, MinRemembered, MaxRemembered, "a launch that arrives twice must run once, in bounded memory");
        failures.CheckRange(nameof(options.CancelLimit), options.CancelLimit, TimeSpan.Zero, TimeSpan.FromHours(1), "a task that does not stop must be reported");
        failures.CheckRange(nameof(options.SpareSlotCount), options.SpareSlotCount, 0, MaxSlots, "each slot is a thread");
        failures.CheckRange(nameof(options.CompilerNice), options.CompilerNice, 0, MaxNice, "these are the steps by which a thread can give way");
        failures.CheckRange(nameof(options.StopLimit), options.StopLimit, TimeSpan.Zero, TimeSpan.FromMinutes(10), "a worker must stop some time");
        return failures.Result;
    }
}
