using Dpark.TestKit;

namespace Dpark.Applications;

public sealed class DriverLeaseTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(16);

    private readonly ManualTimeProvider _time = new();
    private readonly DriverLease _lease;

    public DriverLeaseTests() => _lease = new(_time, Length);

    [Fact]
    public void Look_NotRenewed_EndsWhenItIsOver()
    {
        Assert.Equal(Enumerable.Repeat(LeaseState.Held, 7).Append(LeaseState.Ended), LookFor(Length));
    }

    [Fact]
    public void Look_Renewed_IsHeldAsLongFromThenOn()
    {
        LookFor(Length * 0.75);

        _lease.Renew(Length / 2);

        Assert.Equal(TimeSpan.FromSeconds(1), _lease.LookInterval);
        Assert.Equal(Enumerable.Repeat(LeaseState.Held, 7).Append(LeaseState.Ended), LookFor(Length / 2));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(3600)]
    public void Look_NobodyLookedForHalfALease_CountsFromThenOn(int seconds)
    {
        LookFor(Length * 0.75);

        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(LeaseState.Unknown, _lease.Look(out var pause));
        Assert.Equal(TimeSpan.FromSeconds(seconds), pause);
        Assert.Equal(Enumerable.Repeat(LeaseState.Held, 7).Append(LeaseState.Ended), LookFor(Length));
    }

    [Fact]
    public void Look_ShorterPauseAfterARenewalOfAThirdAgo_IsHeld()
    {
        _time.Advance(Length / 3);
        _lease.Look(out _);

        _time.Advance((Length / 2) - TimeSpan.FromMilliseconds(1));

        Assert.Equal(LeaseState.Held, _lease.Look(out _));
    }

    private List<LeaseState> LookFor(TimeSpan time)
    {
        var states = new List<LeaseState>();
        for (var passed = TimeSpan.Zero; passed < time; passed += _lease.LookInterval)
        {
            _time.Advance(_lease.LookInterval);
            states.Add(_lease.Look(out _));
        }

        return states;
    }
}
