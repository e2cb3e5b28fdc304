using Dpark.Driver;
using Dpark.Rdds;
using Microsoft.Extensions.Logging;

namespace Dpark.Jobs;

/// <summary>A local run is returned while its worker still registers.</summary>
public sealed class LocalStartTests
{
    private const int SlotCount = 3;

    [Fact]
    public async Task LocalAsync_JustStarted_KnowsItsSlots()
    {
        await using var dpark = await DparkContext.LocalAsync(Options());

        Assert.Equal(SlotCount, dpark.DefaultParallelism);
    }

    [Fact]
    public async Task LocalAsync_FirstJob_WaitsForTheWorker()
    {
        await using var dpark = await DparkContext.LocalAsync(Options());

        Assert.Equal(499_500L, await Wait.For(dpark.Range(0, 1000, 1).ReduceAsync((a, b) => a + b), "the job"));
    }

    [Fact]
    public async Task DisposeAsync_JustStarted_Ends()
    {
        var dpark = await DparkContext.LocalAsync(Options());

        await dpark.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => dpark.StartAsync());
    }

    private static LocalOptions Options() => new() { SlotCount = SlotCount, MinimumLogLevel = LogLevel.Error };
}
