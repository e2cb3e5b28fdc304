using Dpark.Tests.Membership;
using Orleans.Runtime;
using Orleans.Runtime.GrainDirectory;

namespace Dpark.Tests.Directory;

public sealed class GrainLocationCacheTests
{
    [Fact]
    public void TryGet_MoreThanCapacity_KeepsWhatIsUsed()
    {
        var cache = new GrainLocationCache(100);
        cache.Set(Address(0, 1));

        for (var i = 1; i < 1_000; i++)
        {
            cache.Set(Address(i, 1));
            Assert.True(cache.TryGet(Grain(0), out _));
        }

        Assert.InRange(Enumerable.Range(0, 1_000).Count(i => cache.TryGet(Grain(i), out _)), 50, 100);
    }

    [Fact]
    public void Remove_OtherActivation_KeepsTheEntry()
    {
        var cache = new GrainLocationCache(10);
        var current = Address(0, 1);
        cache.Set(current);

        cache.Remove(Address(0, 2));

        Assert.True(cache.TryGet(Grain(0), out var found));
        Assert.Same(current, found);
        cache.Remove(current);
        Assert.False(cache.TryGet(Grain(0), out _));
    }

    [Fact]
    public void RemoveDead_Snapshot_ForgetsOnlyDeadSilos()
    {
        var cache = new GrainLocationCache(10);
        cache.Set(Address(0, 1));
        cache.Set(Address(1, 2));

        cache.RemoveDead(Rows.Snapshot(1, (Rows.Silo(1), SiloStatus.Dead), (Rows.Silo(2), SiloStatus.ShuttingDown)));

        Assert.False(cache.TryGet(Grain(0), out _));
        Assert.True(cache.TryGet(Grain(1), out _));
    }

    private static GrainId Grain(int number) => GrainId.Create("test", $"{number}");

    private static GrainAddress Address(int grain, int silo) =>
        new() { GrainId = Grain(grain), ActivationId = ActivationId.NewId(), SiloAddress = Rows.Silo(silo) };
}
