using Dpark.Conformance.Clusters;

namespace Dpark.Conformance.Calls;

[Collection(SharedClusterCollection.Name)]
public sealed class SignatureTests(SharedCluster cluster)
{
    [Fact]
    public async Task Overloads_ByTypeAndCount_ReachTheirMethods()
    {
        var grain = cluster.Client.GetGrain<ISignatureGrain>(TestKeys.New());

        Assert.Equal(5, await grain.AddAsync(5).Within("one number"));
        Assert.Equal(8, await grain.AddAsync("abc").Within("a text"));
        Assert.Equal(20, await grain.AddAsync(3, 4).Within("two numbers"));
        Assert.Equal(20, await grain.CountAsync().AsTask().Within("the count"));
    }

    [Fact]
    public async Task ValueTask_WithoutResult_CompletesAfterTheCallee()
    {
        var grain = cluster.Client.GetGrain<ISignatureGrain>(TestKeys.New());
        await grain.AddAsync(5).Within("one number");

        await grain.NothingAsync().AsTask().Within("the reset");

        Assert.Equal(0, await grain.CountAsync().AsTask().Within("the count"));
    }

    [Fact]
    public async Task InheritedInterfaces_OfOneGrain_ReachOneActivation()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<ISignatureGrain>(key);
        await grain.AddAsync(6).Within("one number");

        var named = cluster.Client.GetGrain<INamedThing>(key);

        Assert.Equal(key, await named.NameAsync().Within("the name through a base interface"));
        Assert.Equal(6, await named.AsReference<ICountedThing>().CountAsync().AsTask().Within("the count through another base interface"));
    }

    [Fact]
    public async Task DefaultValues_OfTheInterface_AreSent()
    {
        var grain = cluster.Client.GetGrain<ISignatureGrain>(TestKeys.New());

        Assert.Equal("7 none -1", await grain.DefaultsAsync().Within("the call without arguments"));
    }

    [Fact]
    public async Task ManyParameters_KeepTheirOrder()
    {
        var grain = cluster.Client.GetGrain<ISignatureGrain>(TestKeys.New());

        var call = grain.ManyAsync(1, 2, null, 0.5, Guid.Empty, [3, 4], null, DayOfWeek.Friday, (5, "six"));
        var text = await call.Within("the call with nine arguments");

        Assert.Equal($"1 2  0.5 {Guid.Empty} [3 4] True Friday (5, six)", text);
    }

    [Fact]
    public async Task Calls_FromManyCallersAtOnce_GetTheirOwnAnswers()
    {
        ISignatureGrain[] grains = [.. Enumerable.Range(0, 20).Select(i => cluster.Client.GetGrain<ISignatureGrain>(TestKeys.New($"many-{i}")))];

        var names = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => grains[i % 20].NameAsync())).Within("a thousand calls");

        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => grains[i % 20].GetPrimaryKeyString()), names);
    }
}
