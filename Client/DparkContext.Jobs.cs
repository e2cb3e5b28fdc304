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
    private const int MaxPoolNameLength = 200;

    private readonly AsyncLocal<string?> _pool = new();

    /// <summary>
    /// Has the jobs that are started from here on, in this flow of calls, take their slots from a pool, until the returned object is disposed. Pools share the slots
    /// if <see cref="Configuration.SchedulerOptions.Mode"/> is fair; one that <see cref="Configuration.SchedulerOptions.Pools"/> does not list has the weight 1.
    /// </summary>
    /// <param name="name">1 to 200 characters.</param>
    /// <example><code>
    /// using (dpark.WithPool("reports"))
    /// {
    ///     var count = await visits.CountAsync();
    /// }
    /// </code></example>
    public IDisposable WithPool(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, MaxPoolNameLength);
        var scope = new PoolScope(_pool, _pool.Value);
        _pool.Value = name;
        return scope;
    }

    /// <inheritdoc/>
    /// <remarks>At most <see cref="Configuration.DparkClientOptions.MaxResultBytes"/> of results, unless <see cref="JobOptions.MaxConcurrentPartitions"/> bounds what is held.</remarks>
    public IAsyncEnumerable<PartitionResult<T>> RunJobAsync<T>(
        Rdd<T> rdd, IReadOnlyList<int>? partitions, JobOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rdd);
        return RunJobAsync(rdd, partitions, options with { Pool = options.Pool ?? _pool.Value }, MaxResultRecomputations, cancellationToken);
    }

    /// <param name="recomputations">How often a result may be computed again because it was lost before it was read.</param>
    private async IAsyncEnumerable<PartitionResult<T>> RunJobAsync<T>(
        Rdd<T> rdd, IReadOnlyList<int>? partitions, JobOptions options, int recomputations, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await StartAsync(cancellationToken).ConfigureAwait(false);
        var graph = _planner.Plan(rdd);
        var wanted = partitions ?? [.. Enumerable.Range(0, graph.ResultStage.PartitionCount)];
        var job = new RunningJob(new JobId(Interlocked.Increment(ref _nextJob)), wanted, options, _options.MaxResultBytes) { IsRepeated = recomputations < MaxResultRecomputations };
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

    private sealed class PoolScope(AsyncLocal<string?> pool, string? outer) : IDisposable
    {
        public void Dispose() => pool.Value = outer;
    }
}
