namespace Dpark.Workloads;

/// <summary>What the workloads of one run share: how much to do and where, a directory for data, and the clock.</summary>
/// <param name="touchedBytes">Bytes of memory that are used and freed before each side, see <see cref="TouchedMemory"/>.</param>
internal sealed class WorkloadRun(
    WorkloadSize size, EnginePlace place, WorkloadClock clock, int roundCount, long touchedBytes, TimeProvider timeProvider) : IDisposable
{
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(1);

    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("dpark-workloads-");

    public WorkloadSize Size => size;

    /// <summary>How often each side ran in the last measurement, with the rounds that are not counted.</summary>
    public int RunCount { get; private set; }

    public TimeProvider TimeProvider => timeProvider;

    /// <summary>A directory that goes with the run.</summary>
    public string Directory => _directory.FullName;

    /// <summary>A path for a file that goes with the run.</summary>
    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    /// <summary>What the run's size takes.</summary>
    public T Pick<T>(T smoke, T small, T medium, T large) => size switch
    {
        WorkloadSize.Smoke => smoke,
        WorkloadSize.Small => small,
        WorkloadSize.Medium => medium,
        _ => large,
    };

    /// <summary>The engine where the run has it.</summary>
    public Task<EngineHost> StartEngineAsync(CancellationToken cancellationToken) => EngineHost.StartAsync(place, cancellationToken);

    /// <summary>A side whose time is that of one call.</summary>
    /// <param name="check">What is compared; made after the time was taken. <see langword="null"/>: the text of the result.</param>
    public Func<Task<Sample>> Timed<T>(Func<Task<T>> action, Func<T, string>? check = null) => async () =>
    {
        var startedAt = timeProvider.GetTimestamp();
        var usedBefore = Environment.CpuUsage.TotalTime;
        var result = await action();
        var time = clock == WorkloadClock.Processor ? Environment.CpuUsage.TotalTime - usedBefore : timeProvider.GetElapsedTime(startedAt);
        var seconds = time.TotalSeconds;
        return new Sample(seconds, check is null ? $"{result}" : check(result));
    };

    /// <summary>As the one for asynchronous calls.</summary>
    public Func<Task<Sample>> TimedPlain<T>(Func<T> action, Func<T, string>? check = null) => Timed(() => Task.FromResult(action()), check);

    /// <summary>
    /// Measures sides in turn, so many rounds. Those before them are not counted: code is compiled and files come into memory. It is one round, and as many more, up to the number of those that count, as
    /// begin within a second: of short workloads, most of the code is only compiled after some rounds.
    /// </summary>
    /// <param name="engine">Whose processes count for the peak of memory, beside this one; <see langword="null"/> for this one alone.</param>
    /// <returns>One measurement per side, in the same order.</returns>
    /// <exception cref="InvalidDataException">Sides have different checks, or a side has not the same in every round.</exception>
    public Task<Measurement[]> MeasureAsync(EngineHost? engine, CancellationToken cancellationToken, params Func<Task<Sample>>[] sides) =>
        MeasureAsync(engine, isOneResult: true, sides, cancellationToken);

    /// <summary>As <see cref="MeasureAsync(EngineHost?, CancellationToken, Func{Task{Sample}}[])"/>, of sides that have different results.</summary>
    public Task<Measurement[]> MeasureEachAsync(CancellationToken cancellationToken, params Func<Task<Sample>>[] sides) =>
        MeasureAsync(engine: null, isOneResult: false, sides, cancellationToken);

    public void Dispose() => _directory.Delete(recursive: true);

    private async Task<Measurement[]> MeasureAsync(EngineHost? engine, bool isOneResult, Func<Task<Sample>>[] sides, CancellationToken cancellationToken)
    {
        var measurements = sides.Select(_ => new Measurement()).ToArray();
        var startedAt = timeProvider.GetTimestamp();
        RunCount = 0;
        do
        {
            await RunRoundAsync(isCounted: false);
        }
        while (RunCount < roundCount && timeProvider.GetElapsedTime(startedAt) < WarmUpTime);

        for (var round = 0; round < roundCount; round++)
        {
            await RunRoundAsync(isCounted: true);
        }

        return measurements;

        async Task RunRoundAsync(bool isCounted)
        {
            for (var i = 0; i < sides.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();

                // The garbage of one side is not the other one's to collect; nor are its empty pages the other one's peak, where that is what the run is about.
                GC.Collect(GC.MaxGeneration, place.MemoryBytes is null ? GCCollectionMode.Forced : GCCollectionMode.Aggressive);
                TouchedMemory.Use(touchedBytes);
                using var memory = new PeakMemory(engine?.Silos ?? []);
                var allocated = GC.GetTotalAllocatedBytes();
                var sample = await sides[i]();
                if (measurements[isOneResult ? 0 : i].Check is { } check && check != sample.Check)
                {
                    throw new InvalidDataException($"Side {i} computed {sample.Check} where {(isOneResult ? "the first one" : "it")} had {check}. One of them is wrong; no time counts.");
                }

                measurements[i].Check = sample.Check;
                if (isCounted)
                {
                    measurements[i].Add(sample, memory.Stop(), GC.GetTotalAllocatedBytes() - allocated);
                }
            }

            RunCount++;
        }
    }
}

/// <summary>What is measured.</summary>
internal enum WorkloadClock
{
    /// <summary>Time that passes.</summary>
    Wall = 0,

    /// <summary>Time of this process on all processors: says something also on a machine that is not idle. Not for workloads of many processes.</summary>
    Processor = 1,
}

/// <summary>One run of one side.</summary>
/// <param name="Seconds">What is measured; the caller leaves out what does not belong to it.</param>
/// <param name="Check">The result, as far as it can be compared.</param>
internal readonly record struct Sample(double Seconds, string Check);

/// <summary>All runs of one side.</summary>
internal sealed class Measurement
{
    private readonly List<double> _seconds = [];
    private readonly List<double> _allocated = [];

    public string? Check { get; set; }

    public long PeakBytes { get; private set; }

    public double Seconds => Median(_seconds);

    public double AllocatedBytes => Median(_allocated);

    public double LeastAllocatedBytes => _allocated.Min();

    public void Add(Sample sample, long peakBytes, long allocatedBytes)
    {
        _seconds.Add(sample.Seconds);
        _allocated.Add(allocatedBytes);
        PeakBytes = Math.Max(PeakBytes, peakBytes);
    }

    /// <summary>The row for this side of the engine beside a baseline.</summary>
    /// <param name="repeatCount">How often a round does what the time is about.</param>
    public WorkloadResult Beside(Measurement baseline, string workload, long records, long inputBytes = 0, long spilledBytes = 0, int repeatCount = 1) => new(
        workload, Seconds, baseline.Seconds, Seconds / baseline.Seconds, records, inputBytes, PeakBytes, AllocatedBytes / records / repeatCount,
        LeastAllocatedBytes / records / repeatCount, spilledBytes, Check ?? "");

    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }
}
