using System.Runtime.CompilerServices;
using Dpark.Applications;
using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Planning;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;
using CallSite = Dpark.Rdds.CallSite;

namespace Dpark.TestKit.Rdds;

/// <summary>Runs jobs in the calling thread, one task after the other, with shuffles in memory: tests of operators take milliseconds and need no silo.</summary>
/// <remarks>Results, and slices of collections, go through record blocks as they do on workers. A failed task is not retried. One job at a time.</remarks>
public sealed class InlineRddContext : IRddContext
{
    private static readonly WorkerId Worker = new("inline");

    private readonly StagePlanner _planner = new();
    private readonly InMemoryShuffleStore _shuffles = new();
    private readonly InMemoryPartitionCache _cache = new();
    private readonly HashSet<ShuffleId> _available = [];
    private int _nextRdd;
    private int _nextShuffle;
    private int _nextJob;

    /// <summary>The application of all ids.</summary>
    public AppId Application { get; } = new("app-inline");

    /// <inheritdoc/>
    public int DefaultParallelism { get; init; } = 2;

    /// <inheritdoc/>
    public PartitioningOptions Partitioning { get; init; } = new();

    /// <summary>Called for each program and partition before a task runs, to send it through bytes. The default runs the driver's own objects.</summary>
    public ITravel Travel { get; init; } = new NoTravel();

    /// <summary>What the tasks of all jobs reported, in the order in which they ran.</summary>
    public IList<TaskContext> Tasks { get; } = [];

    /// <summary>The stages that were run, in order, each with its job.</summary>
    public IList<(JobId Job, Stage Stage)> Stages { get; } = [];

    /// <summary>Warnings of all tasks, in order.</summary>
    public IEnumerable<string> Warnings => Tasks.SelectMany(task => task.Warnings);

    /// <inheritdoc/>
    public RddId NewRddId() => new(_nextRdd++);

    /// <inheritdoc/>
    public ShuffleId NewShuffleId() => new(Application, _nextShuffle++);

    /// <inheritdoc/>
    public void CheckClosure(Delegate function, CallSite callSite) => Travel.Check(function, callSite);

    /// <inheritdoc/>
    public async IAsyncEnumerable<PartitionResult<T>> RunJobAsync<T>(
        Rdd<T> rdd, IReadOnlyList<int>? partitions, JobOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var job = new JobId(_nextJob++);
        var missing = _planner.Plan(rdd).MissingStages(_available.Contains);
        foreach (var stage in missing)
        {
            Stages.Add((job, stage));
            if (stage.Output is { } output)
            {
                RunMapStage(stage, output, job, options, cancellationToken);
                continue;
            }

            var program = stage.CreateProgram();
            foreach (var index in partitions ?? [.. Enumerable.Range(0, stage.PartitionCount)])
            {
                // A job is asynchronous, and callers must not rely on getting a result before they yield.
                await Task.Yield();
                var result = (ResultOutput)RunTask(program, stage, index, job, options, cancellationToken);
                yield return new InlineResult<T>(index, result);
            }
        }
    }

    private void RunMapStage(Stage stage, ShuffleDependency output, JobId job, JobOptions options, CancellationToken cancellationToken)
    {
        var program = stage.CreateProgram();
        for (var index = 0; index < stage.PartitionCount; index++)
        {
            RunTask(program, stage, index, job, options, cancellationToken);
        }

        _available.Add(output.Shuffle);
    }

    private TaskOutput RunTask(StageProgram program, Stage stage, int index, JobId job, JobOptions options, CancellationToken cancellationToken)
    {
        var context = new TaskContext
        {
            Attempt = new TaskAttemptId(Application, stage.Id, 0, index, 0),
            Worker = Worker,
            CancellationToken = cancellationToken,
            Shuffle = _shuffles,
            Cache = _cache,
            Broadcasts = new NoBroadcasts(),
        };
        Tasks.Add(context);
        try
        {
            TaskContext.Current = context;
            return Travel.Send(program).Run(Travel.Send(stage.Rdd.Partitions[index]), context);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new JobFailedException($"{context.Attempt} failed in {context.RunningOperator}: {e.Message}", job, options.CallSite, e)
            {
                Attempt = context.Attempt,
                Worker = Worker,
                FailedOperator = context.RunningOperator == default ? null : context.RunningOperator,
            };
        }
        finally
        {
            TaskContext.Current = null;
        }
    }

    private sealed class InlineResult<T>(int index, ResultOutput output) : PartitionResult<T>
    {
        public override int PartitionIndex => index;

        public override async IAsyncEnumerable<ReadOnlyMemory<T>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            var batches = new List<T[]>();
            using (var reader = RecordBlock.Open<T>(output.Records))
            {
                for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
                {
                    batches.Add(batch.ToArray());
                }
            }

            foreach (var batch in batches)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return batch;
            }
        }
    }
}
