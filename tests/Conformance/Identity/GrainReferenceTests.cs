using Dpark.Conformance.Clusters;
using Orleans.Runtime;

namespace Dpark.Conformance.Identity;

[Collection(SharedClusterCollection.Name)]
public sealed class GrainReferenceTests(SharedCluster cluster)
{
    private IClusterClient Client => cluster.Client;

    [Fact]
    public void Equals_SameId_IsTrueWithTheSameHash()
    {
        var first = Client.GetGrain<IMainGrain>("same");
        var second = Client.GetGrain<IMainGrain>("same");
        var other = Client.GetGrain<IMainGrain>("other");

        Assert.Equal(first, second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void ToString_IsIdAndInterface()
    {
        var reference = Client.GetGrain<IWireNamedGrain>("k");

        Assert.Equal("GrainReference:conformance.wire-named/k:conformance.wire-name", reference.ToString());
        Assert.IsAssignableFrom<GrainReference>(reference);
    }

    [Fact]
    public async Task Reference_InMessages_CanBeCalled()
    {
        var key = TestKeys.New();
        var grain = Client.GetGrain<IMainGrain>(key);
        var other = Client.GetGrain<IMainGrain>(key + "-other");

        var pair = await grain.ExchangeAsync(new ReferencePair(other, null, [grain, other])).Within("the exchange of references");

        Assert.Equal(other, pair.Given);
        Assert.Equal(grain, pair.Self);
        Assert.Equal([grain, other], pair.Others);
        Assert.Equal(key, (await pair.Self!.IdentityAsync().Within("a call through the returned reference")).Id.Key.ToString());
        Assert.Equal(key + "-other", (await pair.Others[1].IdentityAsync().Within("a call through a listed reference")).Id.Key.ToString());
    }

    [Fact]
    public void Cast_ToAnotherInterface_KeepsTheId()
    {
        var grain = Client.GetGrain<IMainGrain>("x");

        var cast = grain.Cast<IWireNamedGrain>();

        Assert.Equal(grain.GetGrainId(), cast.GetGrainId());
        Assert.IsAssignableFrom<IWireNamedGrain>(cast);
        Assert.Equal(grain, grain.AsReference<IMainGrain>());
    }
}
