using Dpark.Conformance.Clusters;
using Orleans.Runtime;

namespace Dpark.Conformance.Calls;

[Collection(SharedClusterCollection.Name)]
public sealed class RequestContextTests(SharedCluster cluster)
{
    private IContextGrain Grain => cluster.Client.GetGrain<IContextGrain>(TestKeys.New());

    [Fact]
    public async Task Values_OfTheCaller_FlowDownTheChain()
    {
        RequestContext.Set("name", "value");

        Assert.Equal(["value", "value", "value"], await Grain.ChainAsync(2).Within("a chain of calls"));
    }

    [Fact]
    public async Task Values_SetByTheCallee_DoNotFlowUp()
    {
        RequestContext.Set("name", "mine");

        var seen = await Grain.SetAndChainAsync("theirs").Within("a call that sets the value");

        Assert.Equal(["theirs", "theirs", "none", "none"], seen);
        Assert.Equal("mine", RequestContext.Get("name"));
    }

    [Fact]
    public async Task Values_Removed_AreNotSent()
    {
        RequestContext.Set("name", "value");
        RequestContext.Set("other", 1);

        Assert.True(RequestContext.Remove("name"));

        Assert.False(RequestContext.Remove("name"));
        Assert.Equal(["other"], RequestContext.Keys);
        Assert.Equal(["none"], await Grain.ChainAsync(0).Within("a call"));
        RequestContext.Clear();
        Assert.Null(RequestContext.Get("other"));
    }

    [Fact]
    public async Task Values_OfTwoFlows_DoNotMix()
    {
        var grain = Grain;

        async Task<string> CallAsync(string value)
        {
            RequestContext.Set("name", value);
            return (await grain.ChainAsync(0))[0];
        }

        var seen = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => CallAsync($"v{i}"))).Within("fifty calls");

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"v{i}"), seen);
        Assert.Null(RequestContext.Get("name"));
    }

    [Fact]
    public async Task Value_ChangedByTheCallee_IsACopy()
    {
        List<int> list = [1];
        RequestContext.Set("list", list);

        var count = await Grain.AddToListAsync().Within("a call that changes the value");

        Assert.Equal((2, 1), (count, list.Count));
    }
}
