using System.Runtime.CompilerServices;
using Dpark.Conformance.Signals;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Streams;

/// <summary>Methods that return streams. What happens to an iterator stands in the journal of the grain's key.</summary>
[Alias("conformance.IStreamGrain")]
public interface IStreamGrain : IGrainWithStringKey
{
    /// <summary>Numbers from 0, all at once.</summary>
    [Alias("Count")]
    IAsyncEnumerable<int> CountAsync(int count);

    /// <summary>How many numbers <see cref="CountAsync"/> has given out.</summary>
    [Alias("Produced")]
    Task<int> ProducedAsync();

    /// <summary>Numbers from 0; a failure takes the place of the last.</summary>
    [Alias("Fail")]
    IAsyncEnumerable<int> FailAsync(int count);

    /// <summary>Fails before it returns a stream.</summary>
    [Alias("FailAtOnce")]
    IAsyncEnumerable<int> FailAtOnceAsync();

    /// <summary>Gives 1, waits at the gate of the grain's key, and gives 2.</summary>
    [Alias("Gated")]
    IAsyncEnumerable<int> GatedAsync();

    /// <summary>Gives 1, and then waits until it is cancelled.</summary>
    [Alias("UntilCancelled")]
    IAsyncEnumerable<int> UntilCancelledAsync(CancellationToken cancellationToken = default);

    /// <summary>Adds to the list while it is enumerated.</summary>
    [Alias("AddTo")]
    IAsyncEnumerable<int> AddToAsync(List<int> list);

    [Alias("Context")]
    IAsyncEnumerable<string?> ContextAsync(string key);

    [Alias("Repeat")]
    IAsyncEnumerable<T> RepeatAsync<T>(T value, int count);

    [Alias("Deactivate")]
    Task DeactivateAsync();

    /// <summary>The sum of what another grain gives.</summary>
    [Alias("SumOf")]
    Task<int> SumOfAsync(IStreamGrain other, int count);
}

[GrainType("conformance.stream"), RandomPlacement]
public sealed class StreamGrain : Grain, IStreamGrain
{
    private int _produced;

    private IJournalGrain Journal => GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString());

    public async IAsyncEnumerable<int> CountAsync(int count)
    {
        await Task.CompletedTask;
        for (var i = 0; i < count; i++)
        {
            _produced++;
            yield return i;
        }
    }

    public Task<int> ProducedAsync() => Task.FromResult(_produced);

    public async IAsyncEnumerable<int> FailAsync(int count)
    {
        for (var i = 0; i < count - 1; i++)
        {
            await Task.Yield();
            yield return i;
        }

        throw new InvalidOperationException("the stream broke");
    }

    public IAsyncEnumerable<int> FailAtOnceAsync() => throw new InvalidOperationException("there is no stream");

    public async IAsyncEnumerable<int> GatedAsync()
    {
        try
        {
            yield return 1;
            await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
            yield return 2;
        }
        finally
        {
            await Journal.AppendAsync("disposed");
        }
    }

    public async IAsyncEnumerable<int> UntilCancelledAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return 1;
        try
        {
            await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync().WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await Journal.AppendAsync("cancelled");
            throw;
        }
    }

    public async IAsyncEnumerable<int> AddToAsync(List<int> list)
    {
        await Task.CompletedTask;
        for (var i = 0; i < 3; i++)
        {
            list.Add(i);
            yield return list.Count;
        }
    }

    public async IAsyncEnumerable<string?> ContextAsync(string key)
    {
        yield return RequestContext.Get(key) as string;
        await Task.Yield();
        yield return RequestContext.Get(key) as string;
    }

    public async IAsyncEnumerable<T> RepeatAsync<T>(T value, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return value;
        }
    }

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<int> SumOfAsync(IStreamGrain other, int count)
    {
        var sum = 0;
        await foreach (var number in other.CountAsync(count).WithBatchSize(3))
        {
            sum += number;
        }

        return sum;
    }
}
