using Dpark.Conformance.Clusters;
using Orleans.Runtime;

namespace Dpark.Conformance.Identity;

[Collection(SharedClusterCollection.Name)]
public sealed class GetGrainTests(SharedCluster cluster)
{
    private IClusterClient Client => cluster.Client;

    [Fact]
    public void GetGrain_TwoCandidates_ThrowsArgumentException()
    {
        var exception = Assert.Throws<ArgumentException>(() => Client.GetGrain<IAmbiguousGrain>("x"));

        Assert.StartsWith("Unable to identify a single appropriate grain type", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetGrain_NoCandidate_ThrowsArgumentException()
    {
        var exception = Assert.Throws<ArgumentException>(() => Client.GetGrain<IOrphanGrain>("x"));

        Assert.StartsWith("Could not find an implementation for interface", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetGrain_ClassNamePrefix_ChoosesTheClass()
    {
        var byName = Client.GetGrain<IAmbiguousGrain>("x", "Dpark.Conformance.Identity.SecondAmbiguousGrain");
        var byPrefix = Client.GetGrain<IAmbiguousGrain>("x", "Dpark.Conformance.Identity.First");

        Assert.Equal("conformance.second-ambiguous/x", byName.GetGrainId().ToString());
        Assert.Equal("conformance.first-ambiguous/x", byPrefix.GetGrainId().ToString());
        Assert.Throws<ArgumentException>(() => Client.GetGrain<IAmbiguousGrain>("x", "Dpark.Conformance.Identity."));
        Assert.Throws<ArgumentException>(() => Client.GetGrain<IAmbiguousGrain>("x", "Nothing.Like.It"));
    }

    [Fact]
    public void GetGrain_ClassWithTheNameOfTheInterface_IsPreferred() =>
        Assert.Equal("conformance.named/x", Client.GetGrain<INamedGrain>("x").GetGrainId().ToString());

    [Fact]
    public void GetGrain_DefaultGrainType_IsPreferredToTheName() =>
        Assert.Equal("conformance.chosen/x", Client.GetGrain<IDefaultedGrain>("x").GetGrainId().ToString());

    [Fact]
    public void GetGrain_BlankStringKey_ThrowsArgumentException()
    {
        Assert.Throws<ArgumentException>(() => Client.GetGrain<IMainGrain>(""));
        Assert.Throws<ArgumentException>(() => Client.GetGrain<IMainGrain>("  "));
        Assert.Throws<ArgumentNullException>(() => Client.GetGrain<IMainGrain>(null!));
    }

    [Fact]
    public void GetGrain_BlankKeyExtension_ThrowsArgumentException()
    {
        Assert.Throws<ArgumentException>(() => Client.GetGrain<ILGrain>(1, " "));
        Assert.Throws<ArgumentNullException>(() => Client.GetGrain<ILGrain>(1, keyExtension: null!));
        Assert.Throws<ArgumentException>(() => Client.GetGrain<IGGrain>(Guid.NewGuid(), ""));
        Assert.Throws<ArgumentNullException>(() => Client.GetGrain<IGGrain>(Guid.NewGuid(), keyExtension: null!));
    }

    [Fact]
    public async Task GetGrain_ById_IsTheSameGrain()
    {
        var key = TestKeys.New();
        var byKey = Client.GetGrain<IMainGrain>(key);

        var byId = Client.GetGrain<IMainGrain>(byKey.GetGrainId());
        var untyped = Client.GetGrain(byKey.GetGrainId());

        Assert.Equal(byKey, byId);
        Assert.Equal(byKey.GetGrainId(), untyped.GetGrainId());
        Assert.Equal(key, (await untyped.AsReference<IMainGrain>().IdentityAsync().Within("a call through an untyped reference")).Id.Key.ToString());
    }

    [Fact]
    public void GetGrain_ByType_IsTheSameGrain()
    {
        var guid = Guid.NewGuid();

        Assert.Equal(Client.GetGrain<IMainGrain>("x"), Client.GetGrain(typeof(IMainGrain), "x"));
        Assert.Equal(Client.GetGrain<ITwoB>(7), Client.GetGrain(typeof(ITwoB), 7));
        Assert.Equal(Client.GetGrain<IGuidGrain>(guid), Client.GetGrain(typeof(IGuidGrain), guid));
        Assert.Equal(Client.GetGrain<ILGrain>(7, "e"), Client.GetGrain(typeof(ILGrain), 7, "e"));
    }

    [Fact]
    public async Task GetGrain_ByIdAndInterfaceType_CanBeCalledThroughThatInterface()
    {
        var id = Client.GetGrain<IMainGrain>(TestKeys.New()).GetGrainId();

        var grain = (IMainGrain)Client.GetGrain(id, GrainInterfaceType.Create("conformance.IMainGrain"));

        Assert.Equal(id, (await grain.IdentityAsync().Within("a call")).Id);
    }

    [Fact]
    public void GetGrain_ByKeySpan_IsTheSameGrain()
    {
        var key = IdSpan.Create("x");

        Assert.Equal(Client.GetGrain<IMainGrain>("x"), Client.GetGrain(typeof(IMainGrain), key));
        Assert.Equal("conformance.first-ambiguous/x", Client.GetGrain(typeof(IAmbiguousGrain), key, "Dpark.Conformance.Identity.First").GetGrainId().ToString());
    }

    [Fact]
    public void GetGrain_WrongInterface_ThrowsArgumentException()
    {
        Assert.Throws<ArgumentException>(() => Client.GetGrain(typeof(IOrphanGrain), "x"));
        Assert.ThrowsAny<ArgumentException>(() => Client.GetGrain(typeof(string), "x"));
    }
}
