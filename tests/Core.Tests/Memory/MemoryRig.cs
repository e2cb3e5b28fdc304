using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Tasks;

namespace Dpark.Memory;

/// <summary>What tests of a worker's memory begin with.</summary>
internal static class MemoryRig
{
    /// <summary>A budget whose tasks are refused at once, unless they may wait.</summary>
    public static WorkerMemory NewMemory(long budgetBytes, TimeSpan? wait = null) => new(new MemoryOptions { BudgetBytes = budgetBytes, WaitLimit = wait ?? TimeSpan.Zero });

    /// <summary>Names an attempt that holds some of it.</summary>
    public static TaskAttemptId Attempt(int partition) => new(new AppId("app-1"), 2, 0, partition, 0);
}
