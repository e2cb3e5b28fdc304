using Orleans.Concurrency;
using Orleans.Placement;

namespace Dpark.Conformance.Signals;

/// <summary>Holds grains until a test opens it, and tells the test how many wait.</summary>
[Alias("conformance.IGateGrain")]
public interface IGateGrain : IGrainWithStringKey
{
    /// <summary>Completes when the gate is open.</summary>
    [Alias("Pass"), ResponseTimeout(Signal.Timeout)]
    Task PassAsync();

    /// <summary>Completes when at least <paramref name="count"/> callers came to the gate, open or not.</summary>
    [Alias("WaitForArrivals"), ResponseTimeout(Signal.Timeout)]
    Task WaitForArrivalsAsync(int count);

    [Alias("Arrivals")]
    Task<int> ArrivalsAsync();

    [Alias("Open")]
    Task OpenAsync();
}

[GrainType("conformance.gate"), Reentrant, KeepAlive, RandomPlacement]
public sealed class GateGrain : Grain, IGateGrain
{
    private readonly TaskCompletionSource _open = new();
    private TaskCompletionSource _arrived = new();
    private int _arrivals;

    public Task PassAsync()
    {
        _arrivals++;
        var arrived = _arrived;
        _arrived = new();
        arrived.SetResult();
        return _open.Task;
    }

    public async Task WaitForArrivalsAsync(int count)
    {
        while (_arrivals < count)
        {
            await _arrived.Task;
        }
    }

    public Task<int> ArrivalsAsync() => Task.FromResult(_arrivals);

    public Task OpenAsync()
    {
        _open.TrySetResult();
        return Task.CompletedTask;
    }
}
