using Orleans.Concurrency;
using Orleans.Placement;

namespace Dpark.Benchmarks.Calls;

/// <summary>Answers, or calls another grain many times.</summary>
[Alias("dpark.benchmarks.IEchoGrain")]
public interface IEchoGrain : IGrainWithStringKey
{
    [Alias("Echo")]
    Task<int> EchoAsync(int value);

    /// <summary>How many bytes have come.</summary>
    [Alias("Measure")]
    Task<int> MeasureAsync(byte[] bytes);

    /// <summary>The silo of this grain.</summary>
    [Alias("Where")]
    Task<string> WhereAsync();

    /// <summary>Calls another grain one time after the other.</summary>
    /// <returns>How long each call took, in nanoseconds.</returns>
    [ResponseTimeout("00:10:00"), Alias("CallOther")]
    Task<long[]> CallOtherAsync(string key, int count);
}

/// <summary>Answers once and ends.</summary>
[Alias("dpark.benchmarks.IOnceGrain")]
public interface IOnceGrain : IGrainWithStringKey
{
    [Alias("Run")]
    Task<int> RunAsync(int value);
}

[GrainType("dpark.benchmarks.echo"), RandomPlacement]
public sealed class EchoGrain : Grain, IEchoGrain
{
    public Task<int> EchoAsync(int value) => Task.FromResult(value);

    public Task<int> MeasureAsync(byte[] bytes) => Task.FromResult(bytes.Length);

    public Task<string> WhereAsync() => Task.FromResult(RuntimeIdentity);

    public async Task<long[]> CallOtherAsync(string key, int count)
    {
        var other = GrainFactory.GetGrain<IEchoGrain>(key);
        return await Measure.SequenceAsync(count, other.EchoAsync);
    }
}

[GrainType("dpark.benchmarks.once"), StatelessWorker(1)]
public sealed class OnceGrain : Grain, IOnceGrain
{
    public Task<int> RunAsync(int value)
    {
        DeactivateOnIdle();
        return Task.FromResult(value);
    }
}
