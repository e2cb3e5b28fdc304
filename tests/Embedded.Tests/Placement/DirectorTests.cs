using Dpark.Tests.Membership;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.Management;
using Orleans.Runtime.Placement;

namespace Dpark.Tests.Placement;

public sealed class DirectorTests
{
    private readonly SiloPicker _picker = new(new FakeSilo(1));
    private readonly Dictionary<SiloAddress, int> _counts = new() { [Rows.Silo(1)] = 50, [Rows.Silo(2)] = 2, [Rows.Silo(3)] = 90 };
    private readonly SiloLoads _loads;
    private readonly ManualClock _clock = new();
    private int _questions;

    public DirectorTests() => _loads = new SiloLoads(silo => new Control(this, silo), _clock);

    [Fact]
    public async Task RandomDirector_ManyGrains_UsesEachSiloAboutEqually()
    {
        var shares = await ShareAsync(new RandomDirector(_picker), 900);

        Assert.Equal(3, shares.Count);
        Assert.All(shares.Values, count => Assert.InRange(count, 200, 400));
    }

    [Fact]
    public async Task LocalDirector_LocalCompatible_IsLocal()
    {
        Assert.Equal([Rows.Silo(1)], (await ShareAsync(new LocalDirector(_picker), 20)).Keys);
    }

    [Fact]
    public async Task LocalDirector_LocalNotCompatible_IsAnother()
    {
        var shares = await ShareAsync(new LocalDirector(_picker), 100, Rows.Silo(2), Rows.Silo(3));

        Assert.Equal([Rows.Silo(2), Rows.Silo(3)], shares.Keys.Order());
    }

    [Fact]
    public async Task HashDirector_SameGrain_IsTheSameSiloForEverybody()
    {
        var first = await PlaceAsync(new HashDirector(), 7);

        Assert.Equal(first, await PlaceAsync(new HashDirector(), 7));
    }

    [Fact]
    public async Task ActivationCountDirector_AllCompared_TakesTheEmptiestAndCountsItsOwn()
    {
        var director = new ActivationCountDirector(_picker, _loads, Options.Create(new ActivationCountBasedPlacementOptions { ChooseOutOf = 3 }));

        var shares = await ShareAsync(director, 60);

        // The silo with 2 gets those that make it equal to the one with 50; after that they take turns.
        Assert.Equal(54, shares[Rows.Silo(2)], 1.0);
        Assert.DoesNotContain(Rows.Silo(3), shares.Keys);
        Assert.Equal(3, _questions);
    }

    [Fact]
    public async Task RefreshAsync_OlderThanASecond_AsksAgain()
    {
        await _loads.RefreshAsync([Rows.Silo(2)]);
        _loads.CountPlacement(Rows.Silo(2));
        var counted = _loads.GetActivationCount(Rows.Silo(2));
        _counts[Rows.Silo(2)] = 10;
        _clock.Now = TimeSpan.FromSeconds(1).Ticks;

        await _loads.RefreshAsync([Rows.Silo(2)]);

        Assert.Equal(3, counted);
        Assert.Equal(10, _loads.GetActivationCount(Rows.Silo(2)));
        Assert.Equal(2, _questions);
    }

    [Fact]
    public async Task ResourceDirector_LocalAboutAsGood_IsLocal()
    {
        _counts[Rows.Silo(1)] = 3;

        Assert.Equal([Rows.Silo(1)], (await ShareAsync(new ResourceDirector(_picker, _loads), 5)).Keys);
    }

    [Fact]
    public async Task EveryDirector_Hint_ComesFirst()
    {
        var hint = new Dictionary<string, object> { [IPlacementDirector.PlacementHintKey] = Rows.Silo(3) };
        IPlacementDirector[] directors =
        [
            new RandomDirector(_picker),
            new LocalDirector(_picker),
            new HashDirector(),
            new ActivationCountDirector(_picker, _loads, Options.Create(new ActivationCountBasedPlacementOptions())),
            new ResourceDirector(_picker, _loads),
        ];

        foreach (var director in directors)
        {
            Assert.Equal(Rows.Silo(3), await PlaceAsync(director, 1, hint));
        }
    }

    private static Task<SiloAddress> PlaceAsync(IPlacementDirector director, int grain, Dictionary<string, object>? context = null, params SiloAddress[] silos) =>
        director.OnAddActivation(
            RandomPlacement.Singleton, new PlacementTarget(GrainId.Create("test", $"{grain}"), context, default, 0), new Context(silos));

    private static async Task<Dictionary<SiloAddress, int>> ShareAsync(IPlacementDirector director, int count, params SiloAddress[] silos)
    {
        var shares = new Dictionary<SiloAddress, int>();
        for (var i = 0; i < count; i++)
        {
            var silo = await PlaceAsync(director, i, null, silos);
            shares[silo] = shares.GetValueOrDefault(silo) + 1;
        }

        return shares;
    }

    private sealed class Context(SiloAddress[] silos) : IPlacementContext
    {
        public SiloAddress LocalSilo => Rows.Silo(1);

        public SiloStatus LocalSiloStatus => SiloStatus.Active;

        public SiloAddress[] GetCompatibleSilos(PlacementTarget target) => silos.Length > 0 ? [.. silos] : [Rows.Silo(1), Rows.Silo(2), Rows.Silo(3)];

        public IReadOnlyDictionary<ushort, SiloAddress[]> GetCompatibleSilosWithVersions(PlacementTarget target) => throw new NotSupportedException();
    }

    private sealed class Control(DirectorTests test, SiloAddress silo) : ISiloControl
    {
        public Task<GrainClassEntry[]> GetGrainClassesAsync() => throw new NotSupportedException();

        public Task<SiloLoad> GetLoadAsync()
        {
            test._questions++;
            return Task.FromResult(new SiloLoad(test._counts[silo], 0, 0, 100, 100));
        }

        public Task<Dictionary<string, string>?> GetGrainPropertiesAsync(GrainType grainType) => throw new NotSupportedException();

        public Task<SimpleGrainStatistic[]> GetStatisticsAsync() => throw new NotSupportedException();

        public Task<DetailedGrainStatistic[]> GetDetailedStatisticsAsync(string[]? classes) => throw new NotSupportedException();

        public Task<SiloRuntimeStatistics> GetRuntimeStatisticsAsync() => throw new NotSupportedException();

        public Task<int> CountActivationsAsync(GrainId grain) => throw new NotSupportedException();

        public Task<List<GrainId>> GetActiveGrainsAsync(GrainType grainType) => throw new NotSupportedException();

        public Task CollectAsync(TimeSpan age) => throw new NotSupportedException();

        public Task CollectGarbageAsync() => throw new NotSupportedException();
    }

    private sealed class ManualClock : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;
    }
}
