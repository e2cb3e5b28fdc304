using Dpark.Tasks;

namespace Dpark.Memory;

/// <summary>A task needed more memory than its worker's budget could give, and could not go on with less. The scheduler tries it once more where there is more.</summary>
[GenerateSerializer, Alias("dpark.MemoryExhaustedException")]
public sealed class MemoryExhaustedException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="purpose">What the memory was for.</param>
    /// <param name="requestedBytes">What was asked for it.</param>
    /// <param name="budgetBytes">The worker's budget.</param>
    /// <param name="holders">Who had how much of it.</param>
    public MemoryExhaustedException(TaskAttemptId attempt, string purpose, long requestedBytes, long budgetBytes, string holders)
        : base($"{attempt} asked for {ByteText.Of(requestedBytes)} ({purpose}), which its worker's budget of {ByteText.Of(budgetBytes)} (Dpark:Memory:BudgetBytes) could not give. " +
            $"It is held by: {holders}. Give the worker more memory or fewer slots, or use more partitions.")
    {
        RequestedBytes = requestedBytes;
        BudgetBytes = budgetBytes;
    }

    /// <summary>What was asked for.</summary>
    [Id(0)] public long RequestedBytes { get; }

    /// <summary>The budget of the worker.</summary>
    [Id(1)] public long BudgetBytes { get; }
}
