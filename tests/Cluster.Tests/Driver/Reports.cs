using Dpark.Codecs;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Driver;

/// <summary>What workers could report.</summary>
internal static class Reports
{
    public static TaskReport Result<T>(TaskAttemptId attempt, params T[] elements) =>
        new(attempt, TaskOutcome.Succeeded, RecordBlock.Encode<T>(elements), null, elements.Length, null, null, new TaskMetrics { InputRecords = 10 }, []);

    public static TaskReport MapOutput(TaskAttemptId attempt, WorkerId worker, params long[] bucketBytes) =>
        new(
            attempt,
            TaskOutcome.Succeeded,
            null,
            null,
            0,
            new MapOutput(attempt.PartitionIndex, worker, attempt.Attempt, [.. bucketBytes], 1),
            null,
            new TaskMetrics { ShuffleBytesWritten = bucketBytes.Sum() },
            []);

    public static TaskReport Failed(TaskAttemptId attempt, string message, TaskOutcome outcome = TaskOutcome.Failed, byte[]? exception = null) =>
        new(
            attempt,
            outcome,
            null,
            null,
            0,
            null,
            new TaskFailure("Contoso.UnknownException", message, "   at Contoso.Job.Run()", null, null, 0, null, exception),
            new TaskMetrics(),
            []);
}
