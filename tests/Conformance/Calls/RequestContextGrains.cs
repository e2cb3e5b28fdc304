using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Calls;

[Alias("conformance.IContextGrain")]
public interface IContextGrain : IGrainWithStringKey
{
    /// <summary>The values under <c>name</c> seen by this grain, then by each of a chain of <paramref name="depth"/> further grains.</summary>
    [Alias("Chain")]
    Task<List<string>> ChainAsync(int depth);

    /// <summary>Sets <c>name</c> here and returns the value of a nested call.</summary>
    [Alias("SetAndChain")]
    Task<List<string>> SetAndChainAsync(string value);

    /// <summary>Adds to the list under <c>list</c> and returns its count.</summary>
    [Alias("AddToList")]
    Task<int> AddToListAsync();
}

[GrainType("conformance.context"), RandomPlacement]
public sealed class ContextGrain : Grain, IContextGrain
{
    public async Task<List<string>> ChainAsync(int depth)
    {
        List<string> seen = [RequestContext.Get("name") as string ?? "none"];
        if (depth > 0)
        {
            seen.AddRange(await GrainFactory.GetGrain<IContextGrain>($"{this.GetPrimaryKeyString()}-{depth}").ChainAsync(depth - 1));
        }

        return seen;
    }

    public async Task<List<string>> SetAndChainAsync(string value)
    {
        RequestContext.Set("name", value);
        var nested = await ChainAsync(1);
        RequestContext.Remove("name");
        return [.. nested, .. await ChainAsync(1)];
    }

    public Task<int> AddToListAsync()
    {
        var list = (List<int>)RequestContext.Get("list")!;
        list.Add(0);
        return Task.FromResult(list.Count);
    }
}
