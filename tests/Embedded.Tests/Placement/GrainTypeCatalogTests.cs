using Dpark.Tests.Membership;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Metadata;
using Orleans.Runtime;
using Orleans.Runtime.Management;
using Orleans.Runtime.MembershipService;
using Orleans.Runtime.Placement;

namespace Dpark.Tests.Placement;

public sealed class GrainTypeCatalogTests
{
    private static readonly GrainType Here = GrainType.Create("here");
    private static readonly GrainType There = GrainType.Create("there");
    private readonly MembershipView _view = new();
    private readonly Dictionary<SiloAddress, FakeControl> _controls = [];

    [Fact]
    public async Task GetCompatibleSilos_HostedByTwoOfThree_AreThose()
    {
        _view.TryPublish(Rows.Active(1, 1, 2, 3));
        var catalog = Create(Hosting(2, Here, There), Hosting(3, There));

        await catalog.PrepareAsync(Here);

        Assert.Equal([Rows.Silo(1), Rows.Silo(2)], catalog.GetCompatibleSilos(Here));
    }

    [Fact]
    public async Task PrepareAsync_SameMembership_AsksOnce()
    {
        _view.TryPublish(Rows.Active(1, 1, 2));
        var control = Hosting(2, Here);
        var catalog = Create(control);

        await catalog.PrepareAsync(Here);
        await catalog.PrepareAsync(Here);
        _view.TryPublish(Rows.Active(2, 1, 2));
        await catalog.PrepareAsync(Here);

        Assert.Equal(1, control.Questions);
    }

    [Fact]
    public async Task PrepareAsync_SiloDoesNotAnswer_IsLeftOutAndAskedAgain()
    {
        _view.TryPublish(Rows.Active(1, 1, 2));
        var control = Hosting(2, Here);
        control.Failure = new TimeoutException();
        var catalog = Create(control);

        await catalog.PrepareAsync(Here);
        var before = catalog.GetCompatibleSilos(Here);
        control.Failure = null;
        await catalog.PrepareAsync(Here);

        Assert.Equal([Rows.Silo(1)], before);
        Assert.Equal([Rows.Silo(1), Rows.Silo(2)], catalog.GetCompatibleSilos(Here));
    }

    [Fact]
    public async Task GetCompatibleSilos_SiloLeaves_IsLeftOut()
    {
        _view.TryPublish(Rows.Active(1, 1, 2));
        var catalog = Create(Hosting(2, Here));
        await catalog.PrepareAsync(Here);

        _view.TryPublish(Rows.Snapshot(2, (Rows.Silo(1), SiloStatus.Active), (Rows.Silo(2), SiloStatus.ShuttingDown)));
        await catalog.PrepareAsync(Here);

        Assert.Equal([Rows.Silo(1)], catalog.GetCompatibleSilos(Here));
    }

    [Fact]
    public async Task GetStrategy_OnlyAnotherSiloHostsTheType_IsTheOneThatItNames()
    {
        _view.TryPublish(Rows.Active(1, 1, 2));
        var catalog = Create(Hosting(2, There));

        await catalog.PrepareAsync(There);

        Assert.IsType<HashBasedPlacement>(catalog.GetStrategy(There));
    }

    [Fact]
    public async Task GetStrategy_NotRegistered_Throws()
    {
        _view.TryPublish(Rows.Active(1, 1, 2));
        var control = Hosting(2, There);
        control.Strategy = "Unheard";
        var catalog = Create(control);
        await catalog.PrepareAsync(There);

        var exception = Assert.Throws<OrleansException>(() => catalog.GetStrategy(There));

        Assert.Contains("Unheard", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlaceAsync_NobodyHostsTheType_SaysSo()
    {
        _view.TryPublish(Rows.Active(1, 1));
        var services = new ServiceCollection().BuildServiceProvider();
        var service = new PlacementService(services, new FakeSilo(1), _view, Create());

        var exception = await Assert.ThrowsAsync<OrleansException>(() => service.PlaceAsync(GrainId.Create(There, "1"), new Message()).AsTask());

        Assert.StartsWith("No active nodes are compatible with grain", exception.Message, StringComparison.Ordinal);
    }

    private FakeControl Hosting(int number, params GrainType[] types) => _controls[Rows.Silo(number)] = new FakeControl(types);

    private GrainTypeCatalog Create(params FakeControl[] _)
    {
        var services = new ServiceCollection();
        services.AddKeyedSingleton<PlacementStrategy, HashBasedPlacement>(nameof(HashBasedPlacement));
        return new GrainTypeCatalog(
            services.BuildServiceProvider(), new FakeSilo(1), _view, new LocalTypes(), silo => _controls[silo], Options.Create(new SiloMessagingOptions()));
    }

    private sealed class LocalTypes : ILocalGrainTypes
    {
        public Dictionary<string, string>? GetProperties(GrainType grainType) => grainType == Here ? [] : null;

        public bool IsInDirectory(GrainType grainType) => true;
    }

    private sealed class FakeControl(GrainType[] types) : ISiloControl
    {
        public int Questions { get; private set; }

        public Exception? Failure { get; set; }

        public string Strategy { get; set; } = nameof(HashBasedPlacement);

        public async Task<Dictionary<string, string>?> GetGrainPropertiesAsync(GrainType grainType)
        {
            await Task.Yield();
            Questions++;
            return Failure is not null ? throw Failure
                : types.Contains(grainType) ? new Dictionary<string, string> { [WellKnownGrainTypeProperties.PlacementStrategy] = Strategy }
                : null;
        }

        public Task<GrainClassEntry[]> GetGrainClassesAsync() => throw new NotSupportedException();

        public Task<SiloLoad> GetLoadAsync() => throw new NotSupportedException();

        public Task<SimpleGrainStatistic[]> GetStatisticsAsync() => throw new NotSupportedException();

        public Task<DetailedGrainStatistic[]> GetDetailedStatisticsAsync(string[]? classes) => throw new NotSupportedException();

        public Task<SiloRuntimeStatistics> GetRuntimeStatisticsAsync() => throw new NotSupportedException();

        public Task<int> CountActivationsAsync(GrainId grain) => throw new NotSupportedException();

        public Task<List<GrainId>> GetActiveGrainsAsync(GrainType grainType) => throw new NotSupportedException();

        public Task CollectAsync(TimeSpan age) => throw new NotSupportedException();

        public Task CollectGarbageAsync() => throw new NotSupportedException();
    }
}
