using Dpark.Broadcasting;
using Dpark.Closures;
using Dpark.Scheduling;
using Dpark.Tasks;
using Dpark.Text;
using Microsoft.Extensions.Logging;

namespace Dpark.Driver;

/// <summary>Serializes the programs of stages and stores them in the cluster with the assemblies and values that they need. Thread-safe.</summary>
internal sealed partial class StagePublisher(
    DriverSettings settings, ClosureSerializer closures, ContentPublisher contents, BroadcastPublisher broadcasts, Action<SchedulerEvent> tell, ILogger<StagePublisher> logger)
{
    // The same program often comes again, with the next job on the same RDD.
    private const int MaxUnusedPrograms = 64;

    /// <summary>A message must stay under 1 MiB with everything else in it.</summary>
    private const int MaxPartitionBytes = 512 << 10;

    private readonly Lock _gate = new();
    private readonly Dictionary<StageProgramId, KnownProgram> _known = [];
    private readonly LinkedList<StageProgramId> _unused = new();

    /// <summary>Does what <see cref="StartStage"/> asks for, on the thread pool, and answers it.</summary>
    /// <remarks>Mostly for a stage that comes later, so it goes to the end of the pool's line: the thread of the loop would take it before the launches that were decided with it.</remarks>
    public void Start(StartStage action, CancellationToken cancellationToken) => _ = Task.Factory.StartNew(
        () => StartAsync(action.Stage, (StageSource)action.Stage.Source!, action.Again, cancellationToken),
        CancellationToken.None,
        TaskCreationOptions.PreferFairness | TaskCreationOptions.DenyChildAttach,
        TaskScheduler.Default);

    /// <summary>No job needs the stage any more.</summary>
    public void Release(StageInfo stage, CancellationToken cancellationToken)
    {
        StageProgramId? removed = null;
        lock (_gate)
        {
            var source = (StageSource)stage.Source!;
            source.IsReleased = true;
            removed = source.Program is { } program ? EndUse(program) : null;
        }

        Remove(removed, cancellationToken);
    }

    /// <summary>A launch, with its partition as far as that fits into a message.</summary>
    /// <param name="published">Completes when the worker can fetch the partition; fails if it cannot be stored.</param>
    /// <exception cref="ClosureException">The partition holds something that cannot travel.</exception>
    public TaskLaunch ToLaunch(StageSource stage, TaskAttemptId attempt, long mapOutputEpoch, out Task published, CancellationToken cancellationToken)
    {
        var bytes = closures.Serialize(stage.Stage.Rdd.Partitions[attempt.PartitionIndex], broadcasts: null).Bytes;
        if (bytes.Length <= MaxPartitionBytes)
        {
            published = Task.CompletedTask;
            return new(attempt, stage.Program!.Value, bytes, mapOutputEpoch);
        }

        // Named by its content: further attempts and jobs on the same data find it.
        var hash = ContentHash.Sha256Of(bytes);
        var name = BroadcastNames.OfPartition(hash);
        stage.LargePartitions.TryAdd(name, true);
        published = Task.Run(() => contents.PublishAsync(name, () => bytes, again: false, cancellationToken), cancellationToken);
        return new(attempt, stage.Program!.Value, [], mapOutputEpoch) { PartitionHash = hash };
    }

    private async Task StartAsync(StageInfo stage, StageSource source, bool again, CancellationToken cancellationToken)
    {
        try
        {
            if (again)
            {
                // A partition may be what the workers could not get.
                foreach (var name in source.LargePartitions.Keys)
                {
                    contents.Forget(name);
                }
            }

            var closure = closures.Serialize(source.Stage.CreateProgram(), broadcasts);
            var program = new StageProgramId(ContentHash.Of(closure.Bytes));
            Remove(Use(source, program, closure.Bytes), cancellationToken);
            await Task.WhenAll(
                PublishProgramAsync(program, closure.Bytes, again, cancellationToken),
                broadcasts.PublishAllAsync(again, cancellationToken),
                PublishModulesAsync(closure, again, cancellationToken)).ConfigureAwait(false);
            tell(new StageReady(stage.StageId));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The application ends; nobody waits for the answer.
        }
#pragma warning disable CA1031 // Whatever went wrong, the jobs that need the stage must be told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            source.Problem = e;
            tell(new StageNotReady(stage.StageId, Sentence(e.Message), Failure: null));
        }
    }

    private static string Sentence(string text) => text.EndsWith('.') ? text : $"{text}.";

    /// <returns>A program that is not known any more; <see langword="null"/> if there is none.</returns>
    private StageProgramId? Use(StageSource source, StageProgramId program, byte[] bytes)
    {
        lock (_gate)
        {
            // A program that is serialized again is the same, unless what it captures was changed meanwhile.
            if (source.Program == program || source.IsReleased)
            {
                return null;
            }

            if (!_known.TryGetValue(program, out var known))
            {
                known = new() { Copy = bytes.Length <= ProgramCopy.MaxBytes ? new(bytes) : null };
                _known.Add(program, known);
            }

            if (known.Uses++ == 0)
            {
                _unused.Remove(program);
            }

            var earlier = source.Program;
            source.Program = program;
            source.Copy = known.Copy;
            return earlier is { } unneeded ? EndUse(unneeded) : null;
        }
    }

    // Under the gate. The same stage may come again with the next job, so the latest ones stay.
    private StageProgramId? EndUse(StageProgramId program)
    {
        if (--_known[program].Uses > 0)
        {
            return null;
        }

        _unused.AddLast(program);
        if (_unused.Count <= MaxUnusedPrograms)
        {
            return null;
        }

        var oldest = _unused.First!.Value;
        _unused.RemoveFirst();
        _known.Remove(oldest);
        return oldest;
    }

    // A small one travels with the launches. A worker that it did not reach, or that has dropped it since, reports that, and it is published then.
    private Task PublishProgramAsync(StageProgramId program, byte[] bytes, bool again, CancellationToken cancellationToken) =>
        !again && bytes.Length <= ProgramCopy.MaxBytes
            ? Task.CompletedTask
            : contents.PublishAsync(BroadcastNames.Of(program), () => bytes, again, cancellationToken);

    private Task PublishModulesAsync(SerializedClosure closure, bool again, CancellationToken cancellationToken)
    {
        // Workers in this process have the code, but for what a notebook replaces, say; then they ask for it.
        if (settings.IsLocal && !again)
        {
            return Task.CompletedTask;
        }

        List<Task> publications = [];
        foreach (var module in closure.Modules.Concat(broadcasts.Modules()))
        {
            // One that has no file may still be on the workers. If it is not, they ask for it, and that is answered with the reason.
            if (module.Hash.Length > 0 || again)
            {
                publications.Add(contents.PublishAsync(BroadcastNames.Of(module), () => closures.Catalog.Read(module), again, cancellationToken));
            }
        }

        return Task.WhenAll(publications);
    }

    private void Remove(StageProgramId? program, CancellationToken cancellationToken)
    {
        if (program is { } removed && contents.IsPublished(BroadcastNames.Of(removed)))
        {
            _ = RemoveAsync(removed, cancellationToken);
        }
    }

    private async Task RemoveAsync(StageProgramId program, CancellationToken cancellationToken)
    {
        try
        {
            await contents.RemoveAsync(BroadcastNames.Of(program), cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // It goes with the application at the latest.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotRemoved(e, program);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Program {Program} could not be removed. It stays until the application ends.")]
    private partial void LogNotRemoved(Exception exception, StageProgramId program);

    /// <summary>A program that stages use, or that may come again.</summary>
    private sealed class KnownProgram
    {
        /// <summary>Stages that run it.</summary>
        public int Uses { get; set; }

        /// <summary>See <see cref="StageSource.Copy"/>.</summary>
        public ProgramCopy? Copy { get; init; }
    }
}
