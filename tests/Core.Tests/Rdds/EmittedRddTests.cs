using Dpark.Rdds;
using Dpark.TestKit.Rdds;

namespace Dpark.Tests.Rdds;

public sealed class EmittedRddTests
{
    private readonly InlineRddContext _dpark = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(BatchReader.Capacity)]
    [InlineData((3 * BatchReader.Capacity) + 5)]
    public async Task FlatMap_EmitterOfAnyNumber_AsLinq(int most)
    {
        int[] numbers = [.. Enumerable.Range(0, 2_500).Select(number => number % (most + 1))];

        var emitted = await _dpark.Parallelize(numbers.Take(most > BatchReader.Capacity ? 40 : numbers.Length), 2).FlatMap<int>((number, output) =>
        {
            for (var i = 0; i < number; i++)
            {
                output.Add(i);
            }
        }).CollectAsync();

        Assert.Equal(numbers.Take(most > BatchReader.Capacity ? 40 : numbers.Length).SelectMany(number => Enumerable.Range(0, number)), emitted);
    }

    [Fact]
    public async Task FlatMap_OneElementMakesManyBatches_AllComeInOrder()
    {
        const int Many = 10 * BatchReader.Capacity;

        var emitted = await _dpark.Parallelize([1, 2, 3], 1).FlatMap<(int, int)>((number, output) =>
        {
            output.Add((number, -1));
            output.AddRange([.. Enumerable.Range(0, Many).Select(i => (number, i))]);
        }).CollectAsync();

        Assert.Equal(new[] { 1, 2, 3 }.SelectMany(number => Enumerable.Range(-1, Many + 1).Select(i => (number, i))), emitted);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(BatchReader.Capacity + 1)]
    public async Task FlatMap_AppendedAndAddedInTurn_AllComeInOrder(int most)
    {
        int[] numbers = [.. Enumerable.Range(0, 500).Select(number => number * 7 % (most + 1))];

        var emitted = await _dpark.Parallelize(numbers, 1).FlatMap<(int, int)>((number, output) =>
        {
            output.Add((number, -1));
            var added = output.Append(number);
            for (var i = 0; i < added.Length; i++)
            {
                added[i] = (number, i);
            }

            output.AddRange([(number, -2), (number, -3)]);
        }).CollectAsync();

        Assert.Equal(numbers.SelectMany(number => Enumerable.Range(-1, number + 1).Concat([-2, -3]).Select(i => (number, i))), emitted);
    }

    /// <summary>It is not to be kept; but who does so finds that out by his own results, not by those of others.</summary>
    [Fact]
    public void Dispose_EmitterIsKept_ChangesNoOtherTask()
    {
        var kept = new Emitter<long>();
        kept.Add(1);
        kept.Dispose();
        var emitter = new Emitter<long>();
        emitter.Add(5);

        kept.Add(-1);
        kept.Append(1)[0] = -2;

        Assert.Equal([5L], emitter.Items);
        Assert.Equal([-1L, -2L], kept.Items);
        emitter.Dispose();
    }

    [Fact]
    public async Task FlatMap_AppendLessThanNothing_IsRefused()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => _dpark.Parallelize([1], 1).FlatMap<int>((_, output) => output.Append(-1)).CollectAsync());

        Assert.Contains(nameof(ArgumentOutOfRangeException), failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FlatMap_EmitterAfterEmptyElements_GoesOnToTheNextBatch()
    {
        var emitted = await _dpark.Range(0, 10 * BatchReader.Capacity, 1).FlatMap<long>((number, output) =>
        {
            if (number >= 9 * BatchReader.Capacity)
            {
                output.Add(number);
            }
        }).CountAsync();

        Assert.Equal(BatchReader.Capacity, emitted);
    }

    [Fact]
    public async Task FlatMap_EmitterFunctionThrows_NamesTheOperator()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => _dpark.Parallelize([1], 1).FlatMap<int>((_, _) => throw new InvalidTimeZoneException("no")).CollectAsync());

        Assert.Contains(nameof(InvalidTimeZoneException), failure.ToString(), StringComparison.Ordinal);
    }
}
