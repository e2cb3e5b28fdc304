using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;

namespace Dpark.Conformance.Calls;

[Collection(SharedClusterCollection.Name)]
public sealed class OneWayTests(SharedCluster cluster)
{
    [Fact]
    public async Task OneWayCall_CalleeStillRunning_IsComplete()
    {
        var key = TestKeys.New();
        var gate = cluster.Client.GetGrain<IGateGrain>(key);
        var journal = cluster.Client.GetGrain<IJournalGrain>(key);

        await cluster.Client.GetGrain<IOneWayGrain>(key).TellAsync("told").Within("the one-way call");
        await gate.WaitForArrivalsAsync(1).Within("the callee at the gate");
        var whileRunning = await journal.ReadAsync().Within("the journal while the callee runs");
        await gate.OpenAsync().Within("opening the gate");

        Assert.Empty(whileRunning);
        Assert.Equal(["told"], await journal.WaitForAsync(1).Within("the entry of the callee"));
    }

    [Fact]
    public async Task VoidMethod_Called_Arrives()
    {
        var key = TestKeys.New();

        cluster.Client.GetGrain<IOneWayGrain>(key).TellByVoid("told");

        Assert.Equal(["told"], await cluster.Client.GetGrain<IJournalGrain>(key).WaitForAsync(1).Within("the entry of the callee"));
    }

    [Fact]
    public async Task OneWayCalls_CalleeThrows_AreInvisibleAndHarmless()
    {
        var grain = cluster.Client.GetGrain<IOneWayGrain>(TestKeys.New());
        await grain.PingAsync().Within("the first call");

        await grain.FailAsync().Within("the failing one-way call");
        grain.FailByVoid();

        // Nobody promises an order of calls that are not waited for.
        Assert.Contains(await PingUntilBothAsync(grain).Within("both calls"), (string[])["+task+void", "+void+task"]);
    }

    private static async Task<string> PingUntilBothAsync(IOneWayGrain grain)
    {
        while (true)
        {
            var came = await grain.PingAsync();
            if (came.Contains("+task", StringComparison.Ordinal) && came.Contains("+void", StringComparison.Ordinal))
            {
                return came;
            }
        }
    }
}
