using Dpark.Tests.Membership;
using Orleans.Runtime;
using Orleans.Runtime.GrainDirectory;

namespace Dpark.Tests.Directory;

public sealed class DirectoryViewTests
{
    private static readonly GrainId[] Grains = [.. Enumerable.Range(0, 2_000).Select(n => GrainId.Create("test", $"{n}"))];

    [Fact]
    public void GetOwner_NoActiveSilo_IsNull()
    {
        Assert.Null(DirectoryView.Create(Rows.Snapshot(1, (Rows.Silo(1), SiloStatus.Joining))).GetOwner(Grains[0]));
    }

    [Fact]
    public void GetOwner_ThreeSilos_EachHasAFairShare()
    {
        var view = DirectoryView.Create(Rows.Active(1, 1, 2, 3));

        var shares = Grains.CountBy(grain => view.GetOwner(grain)!).ToList();

        Assert.Equal(3, shares.Count);
        Assert.All(shares, share => Assert.InRange(share.Value, Grains.Length / 6, Grains.Length / 2 + (Grains.Length / 10)));
    }

    [Fact]
    public void GetOwner_SiloLeaves_OnlyItsGrainsMove()
    {
        var before = DirectoryView.Create(Rows.Active(1, 1, 2, 3));
        var after = DirectoryView.Create(Rows.Active(2, 1, 3));

        Assert.All(Grains.Where(grain => before.GetOwner(grain) != null && !before.GetOwner(grain)!.Equals(Rows.Silo(2))), grain => Assert.Equal(before.GetOwner(grain), after.GetOwner(grain)));
    }

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, new[] { 1, 3 })]
    [InlineData(new[] { 1, 3 }, new[] { 1, 2, 3 })]
    [InlineData(new[] { 2 }, new[] { 1 })]
    [InlineData(new int[0], new[] { 1, 2 })]
    [InlineData(new[] { 4, 5 }, new[] { 1, 4, 5, 6 })]
    public void GetAcquired_Change_HoldsExactlyWhatIsNew(int[] before, int[] after)
    {
        var old = DirectoryView.Create(Rows.Active(1, before));
        var view = DirectoryView.Create(Rows.Active(2, after));

        foreach (var silo in after.Select(number => Rows.Silo(number)))
        {
            var acquired = view.GetAcquired(silo, old);
            Assert.All(Grains, grain => Assert.Equal(
                silo.Equals(view.GetOwner(grain)) && !silo.Equals(old.GetOwner(grain)),
                acquired.Exists(range => range.Contains(grain.GetUniformHashCode()))));
        }
    }

    [Fact]
    public void HashRange_AroundTheEnd_ContainsBothSides()
    {
        var range = new HashRange(uint.MaxValue - 5, 5);

        Assert.True(range.Contains(uint.MaxValue));
        Assert.True(range.Contains(0));
        Assert.True(range.Contains(5));
        Assert.False(range.Contains(uint.MaxValue - 5));
        Assert.False(range.Contains(6));
    }
}
