using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Scheduling;

namespace Dpark.Jobs;

/// <summary>What is too large fails its job with the name of the limit; what has no limit arrives. The next job of the same driver runs in any case.</summary>
public sealed class LimitTests
{
    [Theory]
    [InlineData(80_000)]
    [InlineData(400_000)]
    public async Task CollectAsync_ResultsOverTheLimit_FailsWithItsNameAndTheNextJobRuns(int count)
    {
        await using var context = await NewContextAsync();

        var failure = await Assert.ThrowsAsync<JobFailedException>(() => Wait.For(context.Range(0, count, 4).CollectAsync(), "the job"));

        Assert.Contains("its results are larger than 100000 bytes together, which is the limit (Dpark:Client:MaxResultBytes). ", failure.Message, StringComparison.Ordinal);
        await AssertNextJobRunsAsync(context);
    }

    [Fact]
    public async Task Streaming_MoreThanTheLimitOfResults_Arrives()
    {
        await using var context = await NewContextAsync();

        Assert.Equal(Enumerable.Range(0, 400_000).Sum(n => (long)n), await Wait.For(SumAsync(context.Range(0, 400_000, 4)), "the elements"));
    }

    [Fact]
    public async Task CollectAsync_ResultsWithinTheLimit_Arrive()
    {
        await using var context = await NewContextAsync();

        Assert.Equal(Enumerable.Range(0, 10_000).Select(n => (long)n), await Wait.For(context.Range(0, 10_000, 4).CollectAsync(), "the job"));
    }

    [Fact]
    public async Task Accumulators_MoreThanAReportCarries_FailsWithTheLimitAndTheNextJobRuns()
    {
        await using var context = await NewContextAsync();
        var texts = context.CollectionAccumulator<string>();

        var failure = await Assert.ThrowsAsync<JobFailedException>(() => Wait.For(
            context.Range(0, 2, 2).Map(n =>
            {
                texts.Add(new string('x', 600_000));
                return n;
            }).CountAsync(),
            "the job"));

        Assert.Contains("more than the 524288 that a report may carry. Accumulators are for counts and small sets;", failure.Message, StringComparison.Ordinal);
        Assert.Empty(texts.Value);
        await AssertNextJobRunsAsync(context);
    }

    [Fact]
    public async Task Parallelize_SlicesLargerThanAMessage_Arrive()
    {
        await using var context = await NewContextAsync();
        byte[][] slices = [.. Enumerable.Range(1, 2).Select(number => Enumerable.Repeat((byte)number, 3 << 20).ToArray())];

        var sums = await Wait.For(context.Parallelize(slices, 2).Map(bytes => bytes.Sum(value => (long)value)).CollectAsync(), "the job");

        Assert.Equal([3L << 20, 6L << 20], sums);
    }

    private static async Task<DparkContext> NewContextAsync()
    {
        var options = new LocalOptions { SlotCount = 2 };
        options.Client.MaxResultBytes = 100_000;
        options.Client.Scheduler.MaxTaskFailures = 1;
        return await DparkContext.LocalAsync(options);
    }

    private static async Task<long> SumAsync(Rdd<long> numbers)
    {
        var sum = 0L;
        await foreach (var number in numbers)
        {
            sum += number;
        }

        return sum;
    }

    private static async Task AssertNextJobRunsAsync(DparkContext context) =>
        Assert.Equal(1_000, await Wait.For(context.Range(0, 1_000, 8).CountAsync(), "the next job"));
}
