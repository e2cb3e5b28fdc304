using System.Runtime.InteropServices;
using Dpark.Caching;
using Dpark.Configuration;
using Dpark.Shuffle;
using Dpark.Storage;
using Dpark.Workers;

namespace Dpark.Tasks;

/// <summary>Runs one attempt on the calling thread, from its launch message to its report. Thread-safe; never throws.</summary>
internal sealed class AttemptRunner(WorkerId worker, ExecutorOptions options, IProgramSource programs, ITaskServices services, TimeProvider timeProvider)
{
    // So little travels with the report even if memory is short: a file for it would cost more.
    private const int AlwaysInlineBytes = 4 << 10;

    /// <param name="queuedAt">Timestamp at which the attempt was queued.</param>
    public TaskReport Run(TaskLaunch launch, long queuedAt, CancellationToken cancellationToken)
    {
        var startedAt = timeProvider.GetTimestamp();
        using var memory = services.Memory.Open(launch.Attempt, cancellationToken);
        var context = new TaskContext
        {
            Attempt = launch.Attempt,
            Worker = worker,
            CancellationToken = cancellationToken,
            Shuffle = services.Shuffle,
            Cache = services.Cache,
            Broadcasts = services.Broadcasts,
            Memory = memory,
            MapOutputEpoch = launch.MapOutputEpoch,
            CacheHints = launch.CacheHints ?? CacheHints.None,
        };
        context.Metrics.WaitTime = timeProvider.GetElapsedTime(queuedAt, startedAt);
        TaskContext.Current = context;
        TaskReport report;
        try
        {
            report = Succeed(launch, context);
        }
#pragma warning disable CA1031 // User code may throw anything; the slot lives on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            report = Fail(launch, context, e);
        }
        finally
        {
            TaskContext.Current = null;
        }

        context.Metrics.RunTime = timeProvider.GetElapsedTime(startedAt);
        return report;
    }

    /// <summary>The report of an attempt that never ran.</summary>
    public static TaskReport NotRun(TaskAttemptId attempt, string reason) =>
        new(attempt, TaskOutcome.Cancelled, null, null, 0, null, TaskFailures.Cancelled(reason), new TaskMetrics(), []);

    private TaskReport Succeed(TaskLaunch launch, TaskContext context)
    {
        var program = programs.GetOrFetch(launch.Attempt.Application, launch.Program, context.CancellationToken);
        var partition = launch.PartitionHash is { } hash ? program.FetchPartition(hash) : program.ReadPartition(launch.Partition);
        var output = program.Create().Run(partition, context);
        return output switch
        {
            ResultOutput { Records.Length: var length } result when length <= options.MaxInlineResultBytes && (length <= AlwaysInlineBytes || services.Memory.HasRoom(length)) =>
                Succeeded(context, result.RecordCount, result: ToArray(result.Records)),
            ResultOutput result =>
                Succeeded(context, result.RecordCount, block: services.StoreResult(launch.Attempt, result.Records)),
            ShuffleMapOutput map => Succeeded(context, 0, map: map.Output),
            _ => throw new InvalidOperationException(
                $"The program of {launch.Attempt} returned {output?.GetType().FullName ?? "null"}. " +
                "A stage program must return its result or its map output."),
        };
    }

    private static TaskReport Succeeded(
        TaskContext context, long recordCount, byte[]? result = null, BlockLocation? block = null, MapOutput? map = null) =>
        new(context.Attempt, TaskOutcome.Succeeded, result, block, recordCount, map, null, context.Metrics, context.ListWarnings())
        {
            Updates = context.ListUpdates(),
            Kept = context.ListKept(),
        };

    private TaskReport Fail(TaskLaunch launch, TaskContext context, Exception exception)
    {
        var outcome = Classify(exception, context.CancellationToken);

        // Only user code's exceptions are thrown again in the driver.
        Func<Exception, byte[]?> encode = outcome == TaskOutcome.Failed
            ? e => services.TryEncodeException(launch.Attempt.Application, e)
            : static _ => null;
        var failure = TaskFailures.Describe(exception, encode) with { Operator = context.RunningOperator == default ? null : context.RunningOperator };
        return new(launch.Attempt, outcome, null, null, 0, null, failure, context.Metrics, context.ListWarnings()) { Kept = context.ListKept() };
    }

    private static TaskOutcome Classify(Exception exception, CancellationToken cancellationToken)
    {
        // Whatever a cancelled attempt throws, such as from a file closed under it, is a consequence.
        if (cancellationToken.IsCancellationRequested)
        {
            return TaskOutcome.Cancelled;
        }

        if (TaskFailures.Find<FetchFailedException>(exception) is not null)
        {
            return TaskOutcome.FetchFailed;
        }

        return TaskFailures.Find<MissingInputException>(exception) is not null ? TaskOutcome.MissingInput : TaskOutcome.Failed;
    }

    private static byte[] ToArray(ReadOnlyMemory<byte> records) =>
        MemoryMarshal.TryGetArray(records, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : records.ToArray();
}
