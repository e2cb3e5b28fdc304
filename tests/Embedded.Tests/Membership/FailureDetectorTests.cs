using Dpark.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

public sealed class FailureDetectorTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly InMemoryMembershipTable _table = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeProber _prober = new();
    private readonly MembershipView _view = new();
    private readonly ClusterMembershipOptions _options = new();
    private readonly MembershipProtocol _protocol;
    private readonly FailureDetector _detector;
    private readonly SiloTraffic _traffic;

    public FailureDetectorTests()
    {
        var silo = new FakeSilo(1);
        _traffic = new SiloTraffic(_clock);
        _protocol = new MembershipProtocol(_table, silo, _view, new NoGossip(), _clock, NullLogger<MembershipProtocol>.Instance);
        _detector = new FailureDetector(
            _protocol, _view, silo, _prober, new LocalHealth(_clock), _traffic, Options.Create(_options), _clock, NullLogger<FailureDetector>.Instance);
    }

    public void Dispose() => _detector.Dispose();

    [Fact]
    public async Task RunRoundAsync_AllAnswer_NobodyIsSuspected()
    {
        await ClusterAsync(3);

        await RunRoundsAsync(5);

        Assert.All((await _table.ReadAll()).Members, row => Assert.Null(row.Item1.SuspectTimes));
        Assert.Equal(10, _prober.Probes.Count);
        Assert.Equal(_options.ProbeTimeout, _prober.LastTimeout);
    }

    [Fact]
    public async Task RunRoundAsync_TwoMissesThenAnAnswer_CountsAnew()
    {
        await ClusterAsync(3);
        _prober.Silence(Rows.Silo(2));
        await RunRoundsAsync(2);
        _prober.Answer(Rows.Silo(2));
        await RunRoundsAsync(1);
        _prober.Silence(Rows.Silo(2));

        await RunRoundsAsync(2);

        Assert.Null((await RowAsync(2)).SuspectTimes);
    }

    [Fact]
    public async Task RunRoundAsync_ThirdMissIsSeenByAnother_BothVotesDeclareTheDeath()
    {
        await ClusterAsync(3);
        _prober.Silence(Rows.Silo(2));

        await RunRoundsAsync(3);

        var row = await RowAsync(2);
        Assert.Equal([Rows.Silo(1), Rows.Silo(3)], row.SuspectTimes!.Select(vote => vote.Item1));
        Assert.Equal(SiloStatus.Dead, row.Status);
        Assert.Equal(SiloStatus.Dead, _view.Current.GetSiloStatus(Rows.Silo(2)));
        Assert.Contains((Rows.Silo(2), Rows.Silo(3)), _prober.Probes);
    }

    [Fact]
    public async Task RunRoundAsync_AnotherReachesTheSilo_IsNoMiss()
    {
        await ClusterAsync(3);
        _prober.Silence(Rows.Silo(2));
        _prober.DoOthersReachSilent = true;

        await RunRoundsAsync(3);

        Assert.Null((await RowAsync(2)).SuspectTimes);
    }

    [Fact]
    public async Task RunRoundAsync_IntermediaryIsUnwell_OnlyTheOwnVoteCounts()
    {
        await ClusterAsync(3);
        _prober.Silence(Rows.Silo(2));
        _prober.HealthOfOthers = 1;

        await RunRoundsAsync(3);

        var row = await RowAsync(2);
        Assert.Equal([Rows.Silo(1)], row.SuspectTimes!.Select(vote => vote.Item1));
        Assert.Equal(SiloStatus.Active, row.Status);
    }

    [Fact]
    public async Task RunRoundAsync_AllOthersAreSilent_AreVotedForNevertheless()
    {
        await ClusterAsync(3);
        _prober.Silence(Rows.Silo(2), Rows.Silo(3));

        await RunRoundsAsync(3);

        Assert.Equal([Rows.Silo(1)], (await RowAsync(2)).SuspectTimes!.Select(vote => vote.Item1));
        Assert.Equal([Rows.Silo(1)], (await RowAsync(3)).SuspectTimes!.Select(vote => vote.Item1));
    }

    [Fact]
    public async Task RunRoundAsync_OneOtherSilo_OneVoteIsEnough()
    {
        await ClusterAsync(2);
        _prober.Silence(Rows.Silo(2));

        await RunRoundsAsync(3);

        Assert.Equal(SiloStatus.Dead, (await RowAsync(2)).Status);
    }

    [Theory]
    [InlineData(true, SiloStatus.Active)]
    [InlineData(false, SiloStatus.Dead)]
    public async Task RunRoundAsync_SilentSiloThatSends_IsSuspectedOnlyWithoutTheCheck(bool isChecked, SiloStatus expected)
    {
        _options.EnableConnectionLivenessCheck = isChecked;
        await ClusterAsync(3);
        _prober.Silence(Rows.Silo(2));
        for (var round = 0; round < 6; round++)
        {
            _traffic.From(Rows.Silo(2)).Note();
            await RunRoundsAsync(1);
            _clock.Advance(_options.ProbeTimeout);
        }

        Assert.Equal(expected, (await RowAsync(2)).Status);
    }

    [Fact]
    public async Task RunRoundAsync_SilentSiloThatHasCeasedToSend_IsDeclaredDead()
    {
        await ClusterAsync(3);
        _prober.Silence(Rows.Silo(2));
        _traffic.From(Rows.Silo(2)).Note();
        _clock.Advance(_options.ProbeTimeout * 1.1);

        await RunRoundsAsync(3);

        Assert.Equal(SiloStatus.Dead, (await RowAsync(2)).Status);
    }

    [Fact]
    public async Task RunRoundAsync_NoIndirectProbes_ProbesDirectlyOnly()
    {
        _options.EnableIndirectProbes = false;
        await ClusterAsync(3);
        _prober.Silence(Rows.Silo(2));

        await RunRoundsAsync(3);

        Assert.All(_prober.Probes, probe => Assert.Null(probe.Through));
        Assert.Equal([Rows.Silo(1)], (await RowAsync(2)).SuspectTimes!.Select(vote => vote.Item1));
    }

    [Fact]
    public async Task RunRoundAsync_DeclaredDeadMeanwhile_LearnsItInsteadOfVoting()
    {
        await ClusterAsync(2);
        await SetStatusAsync(1, SiloStatus.Dead);
        _prober.Silence(Rows.Silo(2));

        await RunRoundsAsync(3);

        Assert.Equal(SiloStatus.Dead, _view.Current.GetSiloStatus(Rows.Silo(1)));
        Assert.Equal(SiloStatus.Active, (await RowAsync(2)).Status);
    }

    [Fact]
    public async Task RunRoundAsync_OtherKnowsNewerMembership_ReadsTheTable()
    {
        await ClusterAsync(2);
        await SetStatusAsync(1, SiloStatus.Dead);
        _prober.Version = new MembershipVersion((await _table.ReadAll()).Version.Version);

        await RunRoundsAsync(1);

        Assert.Equal(SiloStatus.Dead, _view.Current.GetSiloStatus(Rows.Silo(1)));
    }

    [Fact]
    public async Task CheckEndpointAsync_EveryTryIsRefused_VotesAfterTheLimit()
    {
        await ClusterAsync(3);
        _prober.Refused[Rows.Silo(2)] = static () => { };

        await CheckEndpointAsync(2);

        var row = await RowAsync(2);
        Assert.Equal([Rows.Silo(1)], row.SuspectTimes!.Select(vote => vote.Item1));
        Assert.Equal(SiloStatus.Active, row.Status);
        Assert.Equal(_options.NumMissedProbesLimit, _prober.TryCount);
        Assert.Empty(_prober.Probes);
    }

    [Fact]
    public async Task CheckEndpointAsync_SomebodyListensAgain_DoesNotVote()
    {
        await ClusterAsync(3);
        _prober.Refused[Rows.Silo(2)] = () =>
        {
            if (_prober.TryCount == _options.NumMissedProbesLimit - 1)
            {
                _prober.Refused.Clear();
            }
        };

        await CheckEndpointAsync(2);

        Assert.Null((await RowAsync(2)).SuspectTimes);
        Assert.Equal(_options.NumMissedProbesLimit, _prober.TryCount);
    }

    [Fact]
    public async Task CheckEndpointAsync_SomethingComesFromTheSilo_DoesNotVote()
    {
        await ClusterAsync(3);
        var source = _traffic.From(Rows.Silo(2));
        _prober.Refused[Rows.Silo(2)] = () =>
        {
            if (_prober.TryCount == 2)
            {
                source.Note();
            }
        };

        await CheckEndpointAsync(2);

        Assert.Null((await RowAsync(2)).SuspectTimes);
    }

    [Fact]
    public async Task CheckEndpointAsync_SiloHasLeft_DoesNotTry()
    {
        await ClusterAsync(3);
        await SetStatusAsync(2, SiloStatus.ShuttingDown);
        await _protocol.RefreshAsync(CancellationToken.None);
        _prober.Refused[Rows.Silo(2)] = static () => { };

        await CheckEndpointAsync(2);

        Assert.Equal(0, _prober.TryCount);
    }

    [Fact]
    public async Task RunRoundAsync_ProbeIsMissedAndTheEndpointRefuses_VotesInTheFirstRound()
    {
        await ClusterAsync(2);
        _prober.Silence(Rows.Silo(2));
        _prober.Refused[Rows.Silo(2)] = static () => { };

        var isDead = new TaskCompletionSource();
        _view.Changed += update => isDead.TrySetResult();
        await RunRoundsAsync(1);
        await AdvanceUntilAsync(isDead.Task);

        Assert.Equal(SiloStatus.Dead, (await RowAsync(2)).Status);
    }

    [Fact]
    public async Task Lifecycle_ConnectionEnds_TriesTheEndpointWhileStarted()
    {
        await ClusterAsync(2);
        using var tried = new SemaphoreSlim(0);
        _prober.Refused[Rows.Silo(2)] = () =>
        {
            _prober.Refused.Clear();
            tried.Release();
        };
        var lifecycle = new SiloLifecycle(NullLogger<SiloLifecycle>.Instance);
        _detector.Participate(lifecycle);
        await lifecycle.StartAsync(CancellationToken.None);

        _traffic.From(Rows.Silo(2)).End();
        var isTried = await tried.WaitAsync(Limit);
        await lifecycle.StopAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.True(isTried, "The endpoint was not tried.");
    }

    // Whoever tells of the end may have seen it as a listener before: an exception there is nobody's, and would end the process.
    [Fact]
    public async Task Lifecycle_ConnectionEndsWhileItIsDisposed_OtherListenersAreTold()
    {
        await ClusterAsync(2);
        var told = new List<SiloAddress>();
        var lifecycle = new SiloLifecycle(NullLogger<SiloLifecycle>.Instance);
        _detector.Participate(lifecycle);
        _traffic.ConnectionEnded += _ =>
        {
            lifecycle.StopAsync(CancellationToken.None).WaitAsync(Limit).GetAwaiter().GetResult();
            _detector.Dispose();
        };
        await lifecycle.StartAsync(CancellationToken.None);
        _traffic.ConnectionEnded += told.Add;

        _traffic.From(Rows.Silo(2)).End();

        Assert.Equal([Rows.Silo(2)], told);
        Assert.Null((await RowAsync(2)).SuspectTimes);
    }

    [Fact]
    public async Task Lifecycle_Started_ProbesOncePerPeriodUntilStopped()
    {
        await ClusterAsync(2);
        using var probed = new SemaphoreSlim(0);
        _prober.OnProbe = () => probed.Release();
        var lifecycle = new SiloLifecycle(NullLogger<SiloLifecycle>.Instance);
        _detector.Participate(lifecycle);
        await lifecycle.StartAsync(CancellationToken.None);

        _clock.Advance(_options.ProbeTimeout);
        var isProbed = await probed.WaitAsync(Limit);
        await lifecycle.StopAsync(CancellationToken.None).WaitAsync(Limit);
        _clock.Advance(_options.ProbeTimeout * 3);

        Assert.True(isProbed, "There was no probe after a period.");
        Assert.Single(_prober.Probes);
        Assert.Equal(0, _clock.ArmedTimerCount);
    }

    [Fact]
    public async Task Lifecycle_LivenessDisabled_DoesNotProbe()
    {
        _options.LivenessEnabled = false;
        await ClusterAsync(2);
        var lifecycle = new SiloLifecycle(NullLogger<SiloLifecycle>.Instance);
        _detector.Participate(lifecycle);

        await lifecycle.StartAsync(CancellationToken.None);

        Assert.Equal(0, _clock.ArmedTimerCount);
    }

    private async Task ClusterAsync(int count)
    {
        for (var number = 1; number <= count; number++)
        {
            var entry = Rows.Entry(number, SiloStatus.Active, _clock.GetUtcNow().UtcDateTime);
            await _table.InsertRow(entry, (await _table.ReadAll()).Version.Next());
        }

        await _protocol.RefreshAsync(CancellationToken.None);
    }

    private async Task RunRoundsAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await _detector.RunRoundAsync(CancellationToken.None).WaitAsync(Limit);
        }
    }

    private Task CheckEndpointAsync(int number) => AdvanceUntilAsync(_detector.CheckEndpointAsync(Rows.Silo(number), CancellationToken.None));

    /// <summary>Moves the clock over the pauses of what runs.</summary>
    private async Task AdvanceUntilAsync(Task ended)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!ended.IsCompleted)
        {
            limit.Token.ThrowIfCancellationRequested();
            if (_clock.ArmedTimerCount > 0)
            {
                _clock.Advance(_options.ProbeTimeout / 10);
            }

            await Task.Yield();
        }

        await ended;
    }

    private async Task SetStatusAsync(int number, SiloStatus status)
    {
        var data = await _table.ReadAll();
        var (entry, etag) = data.TryGet(Rows.Silo(number))!;
        entry.Status = status;
        await _table.UpdateRow(entry, etag, data.Version.Next());
    }

    private async Task<MembershipEntry> RowAsync(int number) => (await _table.ReadRow(Rows.Silo(number))).Members.Single().Item1;
}
