using System.Runtime.CompilerServices;
using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Scheduling;
using Microsoft.Extensions.Logging;

namespace Dpark;

// Running jobs: from an RDD to a stream of results.
public sealed partial class DparkContext
{
    private const int MaxResultRecomputations = 3;

    /// <inheritdoc/>
    /// <remarks>At most <see cref="Configuration.DparkClientOptions.MaxResultBytes"/> of results, unless <see cref="JobOptions.MaxConcurrentPartitions"/> bounds what is held.</remarks>
    public IAsyncEnumerable<PartitionResult<T>> RunJobAsync<T>(
        Rdd<T> rdd, IReadOnlyList<int>? partitions, JobOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rdd);
        return RunJobAsync(rdd, partitions, options, MaxResultRecomputations, cancellationToken);
    }

    /// <param name="recomputations">How often a result may be computed again because it was lost before it was read.</param>
    private async IAsyncEnumerable<PartitionResult<T>> RunJobAsync<T>(
        Rdd<T> rdd, IReadOnlyList<int>? partitions, JobOptions options, int recomputations, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await StartAsync(cancellationToken).ConfigureAwait(false);
        var graph = _planner.Plan(rdd);
        var wanted = partitions ?? [.. Enumerable.Range(0, graph.ResultStage.PartitionCount)];
        var job = new RunningJob(new JobId(Interlocked.Increment(ref _nextJob)), wanted, options, _options.MaxResultBytes);
        Func<int, CancellationToken, IAsyncEnumerable<PartitionResult<T>>?> recompute = Recompute;
        _session.Submit(job, graph);
        try
        {
            using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((RunningJob)state!).Cancel(token), job);
            for (var position = 0; position < wanted.Count; position++)
            {
                var report = await job.TakeAsync(position).ConfigureAwait(false);
                yield return new JobResult<T>(wanted[position], report, _session.Blocks, job, recompute);
            }

            await job.Ended.ConfigureAwait(false);
        }
        finally
        {
            JobResult<T>.Discard(await job.LeaveAsync().ConfigureAwait(false), _session.Blocks);
        }

        IAsyncEnumerable<PartitionResult<T>>? Recompute(int partition, CancellationToken token)
        {
            if (recomputations == 0)
            {
                return null;
            }

            LogResultLost(job.Id, partition);
            return RunJobAsync(rdd, [partition], options, recomputations - 1, token);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Job} lost the result of partition {Partition} before it was read. It is computed again.")]
    private partial void LogResultLost(JobId job, int partition);
}
