namespace Dpark.Workloads;

/// <summary>A workload that is one thing done with an amount of data.</summary>
internal abstract class EngineWorkload : Workload
{
    private const double GoalInMemory = 2.2;
    private const double GoalBeyondMemory = 2.5;

    /// <summary>Starts the engine where the workload runs.</summary>
    public virtual Task<EngineHost> StartEngineAsync(WorkloadRun run, CancellationToken cancellationToken) => run.StartEngineAsync(cancellationToken);

    /// <summary>Makes the data.</summary>
    /// <param name="factor">How many times the data of the run's size.</param>
    public abstract Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken);

    public sealed override async Task<WorkloadResult> RunAsync(WorkloadRun run, CancellationToken cancellationToken)
    {
        await using var engine = await StartEngineAsync(run, cancellationToken);
        using var sides = await PrepareAsync(run, engine.Context, factor: 1, cancellationToken);
        var measured = await run.MeasureAsync(engine, cancellationToken, sides.Engine, sides.Plain);
        return measured[0].Beside(measured[1], Name, sides.CountRecords(), sides.InputBytes, engine.Context.Totals.SpilledBytes);
    }

    /// <remarks>Each amount has an engine of its own, so that what one has cached takes no memory from the other.</remarks>
    public sealed override async Task<DoublingResult?> DoubleAsync(WorkloadRun run, CancellationToken cancellationToken)
    {
        await using var engine = await StartEngineAsync(run, cancellationToken);
        await using var doubleEngine = await StartEngineAsync(run, cancellationToken);
        using var sides = await PrepareAsync(run, engine.Context, factor: 1, cancellationToken);
        using var doubled = await PrepareAsync(run, doubleEngine.Context, factor: 2, cancellationToken);
        await sides.CompareAsync();
        await doubled.CompareAsync();
        var (spilled, doubleSpilled) = (engine.Context.Totals.SpilledBytes, doubleEngine.Context.Totals.SpilledBytes);
        var measured = await run.MeasureEachAsync(cancellationToken, sides.Engine, doubled.Engine, sides.Plain, doubled.Plain);
        var (single, twice, plainSingle, plainTwice) = (measured[0], measured[1], measured[2], measured[3]);
        spilled = (engine.Context.Totals.SpilledBytes - spilled) / run.RunCount;
        doubleSpilled = (doubleEngine.Context.Totals.SpilledBytes - doubleSpilled) / run.RunCount;
        return new DoublingResult(
            Name, single.Seconds, twice.Seconds, twice.Seconds / single.Seconds, doubleSpilled > 0 ? GoalBeyondMemory : GoalInMemory,
            plainTwice.Seconds / plainSingle.Seconds, sides.CountRecords(), spilled, doubleSpilled, single.Check ?? "", twice.Check ?? "");
    }
}

/// <summary>Both sides of a workload, with their data.</summary>
/// <param name="engine">Runs the engine.</param>
/// <param name="plain">Runs the plain code.</param>
/// <param name="countRecords">Elements that one run is about; asked after the first run.</param>
/// <param name="inputBytes">Bytes that one run reads; 0 if there is no input.</param>
/// <param name="file">Goes with the sides.</param>
internal sealed class WorkloadSides(Func<Task<Sample>> engine, Func<Task<Sample>> plain, Func<long> countRecords, long inputBytes = 0, string? file = null) : IDisposable
{
    public Func<Task<Sample>> Engine => engine;

    public Func<Task<Sample>> Plain => plain;

    public long InputBytes => inputBytes;

    public long CountRecords() => countRecords();

    /// <summary>Runs both once.</summary>
    /// <exception cref="InvalidDataException">They disagree.</exception>
    public async Task CompareAsync()
    {
        var (one, other) = (await engine(), await plain());
        if (one.Check != other.Check)
        {
            throw new InvalidDataException($"The engine computed {one.Check} where the plain code had {other.Check}. One of them is wrong; no time counts.");
        }
    }

    public void Dispose()
    {
        if (file is not null)
        {
            File.Delete(file);
        }
    }
}
