using Dpark.Conformance.Signals;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Dpark.Conformance.Calls;

[Alias("conformance.ISlowGrain")]
public interface ISlowGrain : IGrainWithStringKey
{
    /// <summary>Waits for the gate and writes <c>finished</c> to the journal, both under the key of this grain. Its caller waits 1 s.</summary>
    [ResponseTimeout("00:00:01"), Alias("PassShort")]
    Task PassShortAsync();

    /// <summary>The same, with the response timeout of the caller's options.</summary>
    [Alias("Pass")]
    Task PassAsync();

    /// <summary>How many passes have ended.</summary>
    [Alias("Passes")]
    Task<int> PassesAsync();

    [AlwaysInterleave, Alias("PassesNow")]
    Task<int> PassesNowAsync();
}

[GrainType("conformance.slow"), RandomPlacement]
public sealed class SlowGrain : Grain, ISlowGrain
{
    private int _passes;

    public Task PassShortAsync() => PassAsync();

    public async Task PassAsync()
    {
        await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
        _passes++;
        await GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString()).AppendAsync("finished");
    }

    public Task<int> PassesAsync() => Task.FromResult(_passes);

    public Task<int> PassesNowAsync() => Task.FromResult(_passes);
}

/// <summary>Calls <see cref="ISlowGrain"/> from within a silo.</summary>
[Alias("conformance.ISlowCallerGrain")]
public interface ISlowCallerGrain : IGrainWithStringKey
{
    /// <summary>The type name and message of the exception of a call that waits 1 s.</summary>
    [ResponseTimeout("00:00:20"), Alias("Call")]
    Task<string> CallAsync(string slow);
}

[GrainType("conformance.slow-caller"), RandomPlacement]
public sealed class SlowCallerGrain : Grain, ISlowCallerGrain
{
    public async Task<string> CallAsync(string slow)
    {
        try
        {
            await GrainFactory.GetGrain<ISlowGrain>(slow).PassShortAsync();
            return "";
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }
}
