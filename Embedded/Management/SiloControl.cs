namespace Orleans.Runtime.Management;

/// <summary>Tells other silos about this one.</summary>
internal sealed class SiloControl(ILocalSiloDetails silo, LocalGrainClasses types, Lazy<SiloRuntime> runtime, LocalLoad load, OverloadDetector overload, TimeProvider clock)
    : SystemTarget(Type, silo.SiloAddress), ISiloControl
{
    public static readonly GrainType Type = GrainType.Create("sys.svc.control");

    private Catalog Catalog => runtime.Value.Catalog;

    public Task<Dictionary<string, string>?> GetGrainPropertiesAsync(GrainType grainType) => Task.FromResult(types.GetProperties(grainType));

    public Task<GrainClassEntry[]> GetGrainClassesAsync() => Task.FromResult<GrainClassEntry[]>([.. types.Entries]);

    public Task<SiloLoad> GetLoadAsync() => Task.FromResult(load.Measure(Catalog.Count));

    public Task<SimpleGrainStatistic[]> GetStatisticsAsync() => Task.FromResult<SimpleGrainStatistic[]>(
        [.. Catalog.All
            .GroupBy(activation => activation.Class.Type)
            .Select(group => new SimpleGrainStatistic { GrainType = group.Key.FullName!, SiloAddress = Silo, ActivationCount = group.Count() })
            .OrderBy(statistic => statistic.GrainType, StringComparer.Ordinal)]);

    public Task<DetailedGrainStatistic[]> GetDetailedStatisticsAsync(string[]? classes) => Task.FromResult<DetailedGrainStatistic[]>(
        [.. Catalog.All
            .Where(activation => classes is null || classes.Contains(activation.Class.Type.FullName))
            .Select(activation => new DetailedGrainStatistic { GrainType = activation.Class.Type.FullName!, SiloAddress = Silo, GrainId = activation.GrainId })]);

    public Task<SiloRuntimeStatistics> GetRuntimeStatisticsAsync() => Task.FromResult(new SiloRuntimeStatistics(
        load.Measure(Catalog.Count), runtime.Value.Gateway.Count, overload.Reason is not null, clock.GetUtcNow().UtcDateTime));

    public Task<int> CountActivationsAsync(GrainId grain) => Task.FromResult(Catalog.All.Count(activation => activation.GrainId == grain));

    public Task<List<GrainId>> GetActiveGrainsAsync(GrainType grainType) =>
        Task.FromResult(Catalog.All.Select(activation => activation.GrainId).Where(grain => grain.Type == grainType).Distinct().ToList());

    public Task CollectAsync(TimeSpan age) => Catalog.CollectAsync(age);

    public Task CollectGarbageAsync()
    {
        GC.Collect();
        return Task.CompletedTask;
    }
}
