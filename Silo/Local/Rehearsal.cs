using System.Reflection;
using Dpark.Applications;
using Dpark.Closures;
using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Planning;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Dpark;

/// <summary>
/// Plays a small job through, without silo and user code, while the silo starts: what the first job needs is then compiled on another core already. Of the start of a
/// local run, compiling is most of the time.
/// </summary>
internal sealed class Rehearsal : IRddContext, ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly AppId Application = new("rehearsal");
    private static readonly WorkerId Worker = new("rehearsal");

    private static int s_isDone;

    private readonly ClosureSerializer _serializer = new(catalog: new CodeCatalog(isLocal: true));

    private Task? _services;
    private int _nextId;

    public int DefaultParallelism => 1;

    /// <summary>Knows the program's modules when it is done: the first context takes it, so that their files are not read and hashed again.</summary>
    public CodeCatalog Code => _serializer.Catalog;

    /// <summary>Starts it in the background, once per process: what can be done until the silo's own preparation needs the other core.</summary>
    /// <returns>What is to be a service of the silo; <see langword="null"/> if there is nothing to do.</returns>
    public static Rehearsal? Begin()
    {
        if (Environment.ProcessorCount <= 1 || Interlocked.Exchange(ref s_isDone, 1) != 0)
        {
            return null;
        }

        var rehearsal = new Rehearsal();
        rehearsal._services = Task.Run(MakeServices);
        return rehearsal;
    }

    /// <summary>
    /// Does the rest in the background, when the worker has started: until then, the silo's own preparation and the worker have the other core, and a third thread would only
    /// slow down those that everybody waits for.
    /// </summary>
    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(Rehearsal), ServiceLifecycleStage.ApplicationServices + 1, BeginRest, static _ => Task.CompletedTask);

    public RddId NewRddId() => new(_nextId++);

    public ShuffleId NewShuffleId() => new(Application, _nextId++);

    public void CheckClosure(Delegate function, CallSite callSite) => _serializer.Check(function, callSite);

    public IAsyncEnumerable<PartitionResult<T>> RunJobAsync<T>(Rdd<T> rdd, IReadOnlyList<int>? partitions, JobOptions options, CancellationToken cancellationToken) =>
        throw new NotSupportedException("A rehearsal runs no jobs.");

    /// <summary>A job of one task, with a function that captures a value, from its plan to its result.</summary>
    /// <returns>The elements that came out.</returns>
    internal IReadOnlyList<long> Play() => Perform(Plan());

    // The first container of a process and what every service takes, while the caller still collects the services of the silo.
    private static void MakeServices()
    {
        using var services = new ServiceCollection().AddLogging().AddOptions().BuildServiceProvider();
        services.GetRequiredService<ILogger<Rehearsal>>();
    }

    private Task BeginRest(CancellationToken cancellationToken)
    {
        _ = Task.Run(
            async () =>
            {
                await _services!.ConfigureAwait(false);
                Play();
                DescribeProgram();
            },
            CancellationToken.None);
        return Task.CompletedTask;
    }

    private Stage Plan()
    {
        var offset = _nextId;
        return new StagePlanner().Plan(this.Parallelize(Enumerable.Range(0, 3), 1).Map(number => (long)number + offset)).ResultStage;
    }

    private long[] Perform(Stage stage)
    {
        var scheduler = new JobScheduler(Application, new SchedulerOptions(), TimeProvider.System);
        var info = new StageInfo(stage.Id, stage.PartitionCount, null, []) { CallSite = stage.CallSite, Source = stage };
        scheduler.Apply(new WorkerJoined(Worker, "", 1));
        scheduler.Apply(new JobSubmitted(new JobId(0), info, [0], default));
        scheduler.Decide();
        scheduler.Apply(new StageReady(stage.Id));
        var attempt = scheduler.Decide().OfType<LaunchTasks>().Single().Tasks[0].Attempt;
        var output = Compute(stage, attempt);
        scheduler.Apply(new TaskReported(
            Worker, new TaskReport(attempt, TaskOutcome.Succeeded, output.Records.ToArray(), null, output.RecordCount, null, null, new TaskMetrics(), [])));
        scheduler.Decide();
        using var reader = RecordBlock.Open<long>(output.Records);
        return reader.Next().ToArray();
    }

    // Functions of a job are of some assembly, mostly the program's: it is read and hashed, with code of the framework that nothing else needs before.
    private void DescribeProgram()
    {
        if (Assembly.GetEntryAssembly() is { } program)
        {
            Code.DescribeWithReferences(program);
        }
    }

    private ResultOutput Compute(Stage stage, TaskAttemptId attempt)
    {
        using var code = new CodeResolver(Application, module => throw new FileNotFoundException($"A rehearsal has no {module}."));
        var program = (StageProgram)ClosureSerializer.Deserialize(_serializer.Serialize(stage.CreateProgram(), null).Bytes, code);
        var partition = (Partition)ClosureSerializer.Deserialize(_serializer.Serialize(stage.Rdd.Partitions[0], null).Bytes, code);
        var context = new TaskContext
        {
            Attempt = attempt,
            Worker = Worker,
            CancellationToken = CancellationToken.None,
            Shuffle = null!,
            Cache = null!,
            Broadcasts = null!,
        };
        return (ResultOutput)program.Run(partition, context);
    }
}
