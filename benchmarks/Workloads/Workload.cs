namespace Dpark.Workloads;

/// <summary>Something that the engine and plain C# code do both, with the same result.</summary>
internal abstract class Workload
{
    /// <summary>All workloads, in the order of their names. A new one is added here.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new WordCountWorkload(), new Utf8WordCountWorkload(), new SortWorkload(), new ReduceByKeyWorkload(), new GroupByKeyWorkload(), new JoinWorkload(),
        new PageRankWorkload(), new KMeansWorkload(), new EmptyTasksWorkload(), new OneTaskJobsWorkload(), new FirstResultWorkload(), new ShuffleWorkload(),
    ];

    /// <summary>What <c>--only</c> and the tables call it.</summary>
    public abstract string Name { get; }

    /// <summary>What it does, and beside what, in one line.</summary>
    public abstract string Description { get; }

    /// <summary>What the engine may allocate for a record, where the user's functions allocate nothing; <see langword="null"/> for no limit. Checked in local mode.</summary>
    public virtual double? MaxAllocatedBytesPerRecord => null;

    /// <summary>Makes the data, runs both sides alternately, and checks that they agree.</summary>
    /// <exception cref="InvalidDataException">The sides disagree.</exception>
    public abstract Task<WorkloadResult> RunAsync(WorkloadRun run, CancellationToken cancellationToken);

    /// <summary>Runs both sides on the data of the run's size and on twice as much, alternately, and checks that they agree.</summary>
    /// <returns><see langword="null"/> if there is no data that could be doubled.</returns>
    /// <exception cref="InvalidDataException">The engine and the plain code disagree.</exception>
    public virtual Task<DoublingResult?> DoubleAsync(WorkloadRun run, CancellationToken cancellationToken) => Task.FromResult<DoublingResult?>(null);
}

/// <summary>How much data a workload takes.</summary>
internal enum WorkloadSize
{
    /// <summary>Seconds a round on two cores.</summary>
    Small = 0,

    /// <summary>Half a minute a round.</summary>
    Medium = 1,

    /// <summary>Minutes a round.</summary>
    Large = 2,

    /// <summary>Milliseconds a round: shows that the results are right, and nothing about times.</summary>
    Smoke = 3,
}
