namespace Orleans.Runtime.Management;

/// <summary>Tells other silos about this one.</summary>
internal sealed class SiloControl(ILocalSiloDetails silo, LocalGrainClasses types, Lazy<SiloRuntime> runtime, TimeProvider clock)
    : SystemTarget(Type, silo.SiloAddress), ISiloControl
{
    public static readonly GrainType Type = GrainType.Create("sys.svc.control");

    private long _cpuMeasuredAt = clock.GetTimestamp();
    private TimeSpan _cpuTime = Environment.CpuUsage.TotalTime;

    private Catalog Catalog => runtime.Value.Catalog;

    public Task<Dictionary<string, string>?> GetGrainPropertiesAsync(GrainType grainType) => Task.FromResult(types.GetProperties(grainType));

    public Task<GrainClassEntry[]> GetGrainClassesAsync() => Task.FromResult<GrainClassEntry[]>([.. types.Entries]);

    public Task<SiloLoad> GetLoadAsync()
    {
        var memory = GC.GetGCMemoryInfo();
        return Task.FromResult(new SiloLoad(
            Catalog.Count,
            MeasureCpu(),
            Environment.WorkingSet,
            Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes),
            memory.TotalAvailableMemoryBytes));
    }

    public Task<SimpleGrainStatistic[]> GetStatisticsAsync() => Task.FromResult<SimpleGrainStatistic[]>(
        [.. Catalog.All
            .GroupBy(activation => activation.Class.Type)
            .Select(group => new SimpleGrainStatistic { GrainType = group.Key.FullName!, SiloAddress = Silo, ActivationCount = group.Count() })
            .OrderBy(statistic => statistic.GrainType, StringComparer.Ordinal)]);

    public Task<List<GrainId>> GetActiveGrainsAsync(GrainType grainType) =>
        Task.FromResult(Catalog.All.Select(activation => activation.GrainId).Where(grain => grain.Type == grainType).Distinct().ToList());

    public Task CollectAsync(TimeSpan age) => Catalog.CollectAsync(age);

    public Task CollectGarbageAsync()
    {
        GC.Collect();
        return Task.CompletedTask;
    }

    /// <summary>Use since the last measurement. Requests of a silo's service run one at a time between awaits, and there is none here.</summary>
    private double MeasureCpu()
    {
        var (now, used) = (clock.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var elapsed = clock.GetElapsedTime(_cpuMeasuredAt, now);
        var usage = elapsed > TimeSpan.Zero ? (used - _cpuTime) / elapsed / Environment.ProcessorCount : 0;
        (_cpuMeasuredAt, _cpuTime) = (now, used);
        return Math.Clamp(usage, 0, 1);
    }
}
