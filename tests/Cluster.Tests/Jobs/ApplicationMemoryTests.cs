using Dpark.Rdds;

namespace Dpark.Jobs;

/// <summary>What ended applications leave in the memory of driver and worker. The process is measured as a whole, so no other test runs meanwhile.</summary>
[Collection(nameof(AloneCollection))]
public sealed class ApplicationMemoryTests
{
    [Fact]
    public async Task Applications_ManyOneAfterTheOther_MemoryStaysFlat()
    {
        const int Warmup = 100;
        const int Count = 1000;
        await using var cluster = await JobCluster.StartAsync(siloCount: 1);
        var before = 0L;
        for (var i = 0; i < Count; i++)
        {
            if (i == Warmup)
            {
                before = GC.GetTotalMemory(forceFullCollection: true);
            }

            await using var context = cluster.NewContext();
            Assert.Equal(1, await context.Range(i, 1, 1).Map(n => n + i).CountAsync());
        }

        var perApplication = (GC.GetTotalMemory(forceFullCollection: true) - before) / (Count - Warmup);

        // What a worker remembers of an ended application, so that a late message finds no new life: some hundred bytes.
        Assert.InRange(perApplication, long.MinValue, 8 << 10);
    }
}

[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;
