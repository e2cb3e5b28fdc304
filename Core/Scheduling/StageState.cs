namespace Dpark.Scheduling;

/// <summary>One stage while a job uses it. A map stage is shared by all jobs that read its shuffle.</summary>
internal sealed class StageState(StageInfo info, ShuffleState? output, StageState[] parents)
{
    public StageInfo Info { get; } = info;

    /// <summary>What a map stage makes; <see langword="null"/> for a result stage.</summary>
    public ShuffleState? Output { get; } = output;

    public StageState[] Parents { get; } = parents;

    /// <summary>Jobs that need it, the oldest first. One for a result stage.</summary>
    public List<JobState> Jobs { get; } = [];

    /// <summary>Its tasks while it has something to compute.</summary>
    public TaskSet? Tasks { get; set; }

    /// <summary>Number of the present run and round of repair; part of the names of its attempts.</summary>
    public int StageAttempt { get; set; }

    /// <summary>Rounds of repair without a success between them.</summary>
    public FetchBlames FetchBlames { get; } = new();

    /// <summary>Parents without all their map outputs.</summary>
    public int MissingParentCount { get; set; }

    /// <summary>The map outputs that its tasks read are at least this new.</summary>
    public long InputEpoch { get; set; }

    /// <summary>The driver was asked to store the program.</summary>
    public bool IsProgramRequested { get; set; }

    public bool IsProgramReady { get; set; }

    /// <summary>How often the program was stored again.</summary>
    public int ProgramVersion { get; set; }

    /// <summary>How often in a row, without a success between.</summary>
    public int ProgramRestores { get; set; }

    /// <summary>Attempts that hold a slot.</summary>
    public int RunningCount { get; set; }

    /// <summary>All attempts whose reports are waited for.</summary>
    public int AttemptCount { get; set; }

    /// <summary>Moving average of the time that a task takes; <see langword="null"/> before the first has ended.</summary>
    public TimeSpan? AverageRunTime { get; private set; }

    /// <summary>When something last happened to one of its tasks.</summary>
    public TimeSpan LastActivity { get; set; }

    /// <summary>It is in the set of stages that have tasks to launch.</summary>
    public bool IsRunnable { get; set; }

    /// <summary>It is in the list of stages to look at.</summary>
    public bool IsListed { get; set; }

    /// <summary>It is in the list of stages with news for the console.</summary>
    public bool HasNews { get; set; }

    public TimeSpan LastProgress { get; set; }

    /// <summary>It is gone: no job needs it.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Marks it as seen by one walk over the graph.</summary>
    public long Mark { get; set; }

    /// <summary>The job whose turn decides the stage's turn.</summary>
    public int Priority => Jobs[0].Id.Value;

    /// <summary>A parent may give other records when it runs again.</summary>
    public bool ReadsIndeterminate { get; } = Array.Exists(parents, parent => parent.Info.IsIndeterminate);

    /// <summary>It computes, or could if there were slots.</summary>
    public bool IsRunning => Tasks is not null && MissingParentCount == 0 && IsProgramReady;

    public bool CanLaunch => IsRunning && Tasks!.PendingCount + Tasks.LateCount > 0;

    /// <summary>The pool whose turn decides the stage's turn.</summary>
    public PoolState Pool => Jobs[0].Pool;

    /// <summary>The farthest place at which its tasks may be launched now.</summary>
    public Locality Locality { get; set; }

    /// <summary>Since when it waits for slots at <see cref="Locality"/>.</summary>
    public TimeSpan LocalitySince { get; set; }

    /// <summary>When the driver is to wake the scheduler because of that.</summary>
    public TimeSpan LocalityWakeUp { get; set; }

    /// <summary>Run times of this run, if late tasks are looked for.</summary>
    public RunTimes? RunTimes { get; set; }

    /// <summary>The workers on which tasks of this run failed; <see langword="null"/> if none did.</summary>
    public Dictionary<WorkerState, StageFailures>? Failures { get; set; }

    /// <summary>The parent behind whose last maps its first attempts wait on a worker; <see langword="null"/> if they do not.</summary>
    public StageState? AheadOf { get; set; }

    /// <summary>What <see cref="JobScheduler.Epoch"/> was when they were launched.</summary>
    public long AheadEpoch { get; set; }

    /// <summary>They were taken back once; not launched ahead again.</summary>
    public bool WasRecalled { get; set; }

    /// <summary>What the user was told last; not told twice in a row.</summary>
    public string? LastNotice { get; set; }

    public void AddRunTime(TimeSpan runTime)
    {
        AverageRunTime = AverageRunTime is { } average ? (average * 0.75) + (runTime * 0.25) : runTime;
        RunTimes?.Add(runTime);
    }

    /// <summary>Whether a worker gets no tasks of this stage now.</summary>
    public bool LeavesOut(WorkerState worker, TimeSpan now) =>
        Failures is not null && Failures.TryGetValue(worker, out var failures) && failures.LeftOutUntil > now;
}
