using Dpark.TestKit;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

public sealed class SiloProberTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task ProbeAsync_NoAnswer_EndsAtTheTimeout()
    {
        var probe = new SiloProber(_ => new SilentTarget(), new InMemoryTransport(), _clock).ProbeAsync(Rows.Silo(1), TimeSpan.FromSeconds(5), CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        var isEarly = probe.IsCompleted;

        _clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(probe.IsFaulted);
        await Assert.ThrowsAsync<TimeoutException>(() => probe);
        Assert.False(isEarly);
    }

    [Fact]
    public async Task ProbeThroughAsync_NoAnswer_GivesTheSiloBetweenTwiceTheTime()
    {
        var probe = new SiloProber(_ => new SilentTarget(), new InMemoryTransport(), _clock).ProbeThroughAsync(Rows.Silo(1), Rows.Silo(2), TimeSpan.FromSeconds(5), CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(9.9));
        var isEarly = probe.IsCompleted;

        _clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.True(probe.IsFaulted);
        await Assert.ThrowsAsync<TimeoutException>(() => probe);
        Assert.False(isEarly);
    }

    [Fact]
    public async Task ProbeOtherAsync_TargetIsSilent_SaysSo()
    {
        var prober = new FakeProber();
        prober.Silence(Rows.Silo(3));
        var target = new MembershipProbeTarget(new FakeSilo(2), new MembershipView(), prober, new LocalHealth(_clock));

        var silent = await target.ProbeOtherAsync(Rows.Silo(3), TimeSpan.FromSeconds(5));
        var answered = await target.ProbeOtherAsync(Rows.Silo(4), TimeSpan.FromSeconds(5));

        Assert.Equal((false, 0), (silent.IsAnswered, silent.HealthScore));
        Assert.True(answered.IsAnswered);
    }

    private sealed class SilentTarget : IMembershipProbeTarget
    {
        public Task<MembershipVersion> ProbeAsync() => new TaskCompletionSource<MembershipVersion>().Task;

        public Task<IndirectProbeResult> ProbeOtherAsync(SiloAddress target, TimeSpan timeout) => new TaskCompletionSource<IndirectProbeResult>().Task;
    }
}
