using Dpark.Conformance.Signals;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Dpark.Conformance.Calls;

[Alias("conformance.IOneWayGrain")]
public interface IOneWayGrain : IGrainWithStringKey
{
    /// <summary>Passes the gate, then writes to the journal, both under the key of this grain.</summary>
    [OneWay, Alias("Tell")]
    Task TellAsync(string text);

    [Alias("TellByVoid")]
    void TellByVoid(string text);

    [OneWay, Alias("FailByTask")]
    Task FailAsync();

    [Alias("FailByVoid")]
    void FailByVoid();

    [Alias("Ping")]
    Task<string> PingAsync();
}

[GrainType("conformance.one-way"), RandomPlacement]
public sealed class OneWayGrain : Grain, IOneWayGrain
{
    private string _last = "";

    public async Task TellAsync(string text)
    {
        await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
        _last = text;
        await GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString()).AppendAsync(text);
    }

    public async void TellByVoid(string text)
    {
        _last = text;
        await GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString()).AppendAsync(text);
    }

    public Task FailAsync()
    {
        _last += "+task";
        throw new InvalidOperationException("nobody sees this");
    }

    public void FailByVoid()
    {
        _last += "+void";
        throw new InvalidOperationException("nobody sees this");
    }

    public Task<string> PingAsync() => Task.FromResult(_last);
}
