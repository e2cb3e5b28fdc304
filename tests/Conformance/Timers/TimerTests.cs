using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;

namespace Dpark.Conformance.Timers;

[Collection(SharedClusterCollection.Name)]
public sealed class TimerTests(SharedCluster cluster)
{
    /// <summary>Timers of the system count in steps of about this many milliseconds and may fire that much early.</summary>
    private const double Tolerance = 20;

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    private ITimerGrain Grain => cluster.Client.GetGrain<ITimerGrain>(TestKeys.New());

    [Fact]
    public async Task Ticks_WithSlowBody_CountThePeriodFromTheEnd()
    {
        var grain = Grain;

        await grain.StartAsync("it", new TimerPlan(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(150)));
        var ticks = await grain.WaitForAsync("it", 3).Within("three ticks");

        Assert.True(ticks[0].Started >= 100 - Tolerance, $"The first tick came at {ticks[0].Started} ms.");
        for (var i = 1; i < ticks.Count; i++)
        {
            var pause = ticks[i].Started - ticks[i - 1].Ended;
            Assert.True(pause >= 100 - Tolerance, $"Tick {i} came {pause} ms after the one before ended.");
        }
    }

    [Fact]
    public async Task Ticks_ThatThrow_GoOn()
    {
        var grain = Grain;

        await grain.StartAsync("it", new TimerPlan(Short, Short, TimeSpan.Zero, Fails: true));

        Assert.True((await grain.WaitForAsync("it", 3).Within("three failing ticks")).Count >= 3);
    }

    [Fact]
    public async Task Ticks_DuringPlainCall_ComeOnlyWithInterleave()
    {
        var grain = Grain;
        await grain.StartAsync("plain", new TimerPlan(Short, Short, TimeSpan.Zero));
        await grain.StartAsync("interleaving", new TimerPlan(Short, Short, TimeSpan.Zero, Interleave: true));
        await grain.WaitForAsync("plain", 1).Within("a plain tick");

        var plainTicks = await grain.WatchAsync("interleaving", 4, "plain").Within("four interleaving ticks inside a plain call");
        var ended = await grain.EndedAsync("plain").Within("the plain ticks so far");

        Assert.Equal(0, plainTicks);
        Assert.True((await grain.WaitForAsync("plain", ended + 1).Within("a plain tick after the call")).Count > ended);
    }

    [Fact]
    public async Task PlainCall_DuringTick_Waits()
    {
        var grain = Grain;
        var gate = cluster.Client.GetGrain<IGateGrain>(grain.GetPrimaryKeyString());
        await grain.StartAsync("it", new TimerPlan(Short, Timeout.InfiniteTimeSpan, TimeSpan.Zero, WaitsAtGate: true));

        await gate.WaitForArrivalsAsync(1).Within("the tick at the gate");
        var plain = grain.EndedAsync("it");
        var started = await grain.StartedAsync("it").Within("an interleaving call");
        var waits = !plain.IsCompleted;
        await gate.OpenAsync().Within("opening the gate");

        Assert.Equal(1, started);
        Assert.True(waits, "The plain call was answered while the tick ran.");
        Assert.Equal(1, await plain.Within("the plain call"));
    }

    [Fact]
    public async Task OneShot_ChangedAndStopped_TicksAsTold()
    {
        var grain = Grain;
        await grain.StartAsync("it", new TimerPlan(TimeSpan.Zero, Timeout.InfiniteTimeSpan, TimeSpan.Zero));
        await grain.StartAsync("clock", new TimerPlan(Short, Short, TimeSpan.Zero));

        var once = await grain.WaitForAsync("it", 1).Within("the tick");
        await grain.WaitForAsync("clock", 4).Within("four ticks of another timer");
        var stillOnce = await grain.StartedAsync("it").Within("the count of ticks");
        await grain.ChangeAsync("it", TimeSpan.Zero, Short).Within("the change");
        await grain.WaitForAsync("it", 4).Within("ticks after the change");
        await grain.StopAsync("it").Within("the stop");
        var atStop = await grain.StartedAsync("it").Within("the count of ticks");
        await grain.WaitForAsync("clock", await grain.EndedAsync("clock") + 4).Within("four more ticks of another timer");

        Assert.Equal((1, 1), (once.Count, stillOnce));
        Assert.Equal(atStop, await grain.StartedAsync("it").Within("the count of ticks"));
    }

    [Fact]
    public async Task Callback_WithState_GetsItAndAToken() =>
        Assert.Equal("the state False True", await Grain.StateAndTokenAsync().Within("the tick with state"));

    [Fact]
    public async Task Deactivation_WithTimers_StopsThem()
    {
        var grain = Grain;
        var journal = cluster.Client.GetGrain<IJournalGrain>(grain.GetPrimaryKeyString());
        await grain.StartAsync("it", new TimerPlan(TimeSpan.FromMinutes(1), Short, TimeSpan.Zero));

        await grain.DeactivateAsync().Within("the deactivation");

        Assert.Equal(["started 0"], await journal.WaitForAsync(1).Within("the end of the activation"));
        var exception = await grain.StartedAsync("it").FailureWithin("a call to the new activation, which has no timer");
        Assert.IsType<KeyNotFoundException>(exception);
    }

    [Fact]
    public async Task RegisterGrainTimer_NegativeTime_Throws()
    {
        var plan = new TimerPlan(TimeSpan.FromSeconds(-5), Short, TimeSpan.Zero);

        var exception = await Grain.StartAsync("it", plan).FailureWithin("the start of an impossible timer");

        Assert.IsType<ArgumentOutOfRangeException>(exception);
    }
}
