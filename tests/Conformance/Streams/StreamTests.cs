using Dpark.Conformance.Clusters;
using Dpark.Conformance.Serialization;
using Dpark.Conformance.Signals;
using Orleans.Runtime;

namespace Dpark.Conformance.Streams;

[Collection(SharedClusterCollection.Name)]
public sealed class StreamTests(SharedCluster cluster)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1_234)]
    public async Task Enumeration_ToItsEnd_KeepsTheOrder(int count)
    {
        var numbers = await ToListAsync(Grain().CountAsync(count)).Within("the numbers");

        Assert.Equal(Enumerable.Range(0, count), numbers);
    }

    [Fact]
    public async Task Enumerable_NotEnumerated_IsNotCalled()
    {
        var grain = Grain();
        var numbers = grain.CountAsync(10);

        Assert.Equal(0, await grain.ProducedAsync().Within("what was produced before"));
        await ToListAsync(numbers).Within("the numbers");
        Assert.Equal(10, await grain.ProducedAsync().Within("what was produced after"));
    }

    [Fact]
    public async Task Enumerable_Twice_RunsTwice()
    {
        var grain = Grain();
        var numbers = grain.CountAsync(10);

        Assert.Equal(await ToListAsync(numbers).Within("the first"), await ToListAsync(numbers).Within("the second"));
        Assert.Equal(20, await grain.ProducedAsync().Within("what was produced"));
    }

    [Fact]
    public async Task Batch_OfWhatIsThere_EndsAtTheLimit()
    {
        var grain = Grain();
        await using (var numbers = grain.CountAsync(1_000).GetAsyncEnumerator())
        {
            Assert.True(await numbers.MoveNextAsync().AsTask().Within("the first number"));
            Assert.Equal(100, await grain.ProducedAsync().Within("what was produced"));
        }

        await using var few = grain.CountAsync(1_000).WithBatchSize(7).GetAsyncEnumerator();
        Assert.True(await few.MoveNextAsync().AsTask().Within("the first number"));
        Assert.Equal(107, await grain.ProducedAsync().Within("what was produced"));
    }

    [Fact]
    public async Task WithBatchSize_OfOne_GivesAll()
    {
        Assert.Equal(Enumerable.Range(0, 20), await ToListAsync(Grain().CountAsync(20).WithBatchSize(1)).Within("the numbers"));
    }

    [Fact]
    public async Task Failure_OfTheIterator_SurfacesAtItsElement()
    {
        var read = new List<int>();

        var exception = await ReadAsync(Grain().FailAsync(4), read).FailureWithin("the failure");

        Assert.Equal("the stream broke", Assert.IsType<InvalidOperationException>(exception).Message);
        Assert.Equal([0, 1, 2], read);
    }

    [Fact]
    public async Task Failure_BeforeTheStream_SurfacesAtTheFirstElement()
    {
        var exception = await ToListAsync(Grain().FailAtOnceAsync()).FailureWithin("the failure");

        Assert.Equal("there is no stream", Assert.IsType<InvalidOperationException>(exception).Message);
    }

    [Fact]
    public async Task Enumerator_WhoseIteratorWaits_LetsOtherCallsIn()
    {
        var (grain, gate, _) = Gated();
        await using var numbers = grain.GatedAsync().GetAsyncEnumerator();
        Assert.True(await numbers.MoveNextAsync().AsTask().Within("the first number"));

        var next = numbers.MoveNextAsync().AsTask();
        await gate.WaitForArrivalsAsync(1).Within("the iterator at the gate");
        Assert.Equal(0, await grain.ProducedAsync().Within("another call"));
        await gate.OpenAsync().Within("the gate");

        Assert.True(await next.Within("the second number"));
        Assert.Equal(2, numbers.Current);
        Assert.False(await numbers.MoveNextAsync().AsTask().Within("the end"));
    }

    [Fact]
    public async Task Enumerator_LeftEarly_DisposesTheIterator()
    {
        var (grain, _, journal) = Gated();

        await foreach (var number in grain.GatedAsync().WithBatchSize(1))
        {
            Assert.Equal(1, number);
            break;
        }

        await journal.WaitForEntryAsync("disposed").Within("the end of the iterator");
    }

    [Fact]
    public async Task Deactivation_BetweenElements_AbortsTheEnumeration()
    {
        var (grain, _, _) = Gated();
        await using var numbers = grain.GatedAsync().WithBatchSize(1).GetAsyncEnumerator();
        Assert.True(await numbers.MoveNextAsync().AsTask().Within("the first number"));

        await grain.DeactivateAsync().Within("the deactivation");
        var exception = await numbers.MoveNextAsync().AsTask().FailureWithin("the next number");

        Assert.IsType<EnumerationAbortedException>(exception);
    }

    [Fact]
    public async Task Cancellation_OfAWaitingEnumerator_ReachesTheIterator()
    {
        var (grain, gate, journal) = Gated();
        using var stop = new CancellationTokenSource();
        var read = new List<int>();

        var reading = ReadAsync(grain.UntilCancelledAsync(), read, stop.Token);
        await gate.WaitForArrivalsAsync(1).Within("the iterator at the gate");
        await stop.CancelAsync();

        Assert.IsAssignableFrom<OperationCanceledException>(await reading.FailureWithin("the cancellation"));
        await journal.WaitForEntryAsync("cancelled").Within("the cancellation at the iterator");
        Assert.Equal([1], read);
    }

    [Fact]
    public async Task Cancellation_ByTheArgument_ReachesTheIterator()
    {
        var (grain, gate, journal) = Gated();
        using var stop = new CancellationTokenSource();
        var read = new List<int>();

        var reading = ReadAsync(grain.UntilCancelledAsync(stop.Token), read);
        await gate.WaitForArrivalsAsync(1).Within("the iterator at the gate");
        await stop.CancelAsync();

        Assert.IsAssignableFrom<OperationCanceledException>(await reading.FailureWithin("the cancellation"));
        await journal.WaitForEntryAsync("cancelled").Within("the cancellation at the iterator");
    }

    [Fact]
    public async Task Cancellation_BeforeTheFirstElement_CallsNobody()
    {
        var grain = Grain();

        var exception = await ReadAsync(grain.CountAsync(5), [], new CancellationToken(canceled: true)).FailureWithin("the cancellation");

        Assert.IsAssignableFrom<OperationCanceledException>(exception);
        Assert.Equal(0, await grain.ProducedAsync().Within("what was produced"));
    }

    [Fact]
    public async Task Argument_ChangedByTheIterator_IsACopy()
    {
        List<int> list = [7];

        Assert.Equal([2, 3, 4], await ToListAsync(Grain().AddToAsync(list)).Within("the counts"));
        Assert.Equal([7], list);
    }

    [Fact]
    public async Task RequestContext_OfTheFirstStep_IsThatOfTheIterator()
    {
        RequestContext.Set("conformance.stream", "here");

        Assert.Equal(["here", "here"], await ToListAsync(Grain().ContextAsync("conformance.stream")).Within("the values"));
    }

    [Fact]
    public async Task GenericMethod_WithAStream_GivesItsType()
    {
        Assert.Equal(["x", "x"], await ToListAsync(Grain().RepeatAsync("x", 2)).Within("texts"));
        Assert.Equal([1.5, 1.5, 1.5], await ToListAsync(Grain().RepeatAsync(1.5, 3)).Within("numbers"));
        var shapes = await ToListAsync(Grain().RepeatAsync<Shape>(new Ring { Name = "r", InnerRadius = 2 }, 2)).Within("objects");
        Assert.Equal(2, Assert.IsType<Ring>(shapes[1]).InnerRadius);
    }

    [Fact]
    public async Task Enumeration_ByAGrain_GivesAll()
    {
        Assert.Equal(45, await Grain().SumOfAsync(Grain(), 10).Within("the sum"));
    }

    [Fact]
    public async Task Enumerations_ManyAtOnce_DoNotMix()
    {
        var grain = Grain();

        var lists = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => ToListAsync(grain.RepeatAsync(i, 20)))).Within("fifty streams");

        Assert.All(lists.Index(), pair => Assert.Equal(Enumerable.Repeat(pair.Index, 20), pair.Item));
    }

    internal static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> source)
    {
        var list = new List<T>();
        await ReadAsync(source, list);
        return list;
    }

    internal static async Task ReadAsync<T>(IAsyncEnumerable<T> source, List<T> read, CancellationToken cancellationToken = default)
    {
        await foreach (var value in source.WithCancellation(cancellationToken))
        {
            read.Add(value);
        }
    }

    private IStreamGrain Grain() => cluster.Client.GetGrain<IStreamGrain>(TestKeys.New());

    private (IStreamGrain Grain, IGateGrain Gate, IJournalGrain Journal) Gated()
    {
        var key = TestKeys.New();
        return (cluster.Client.GetGrain<IStreamGrain>(key), cluster.Client.GetGrain<IGateGrain>(key), cluster.Client.GetGrain<IJournalGrain>(key));
    }
}
