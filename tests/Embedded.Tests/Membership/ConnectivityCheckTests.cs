using Dpark.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

public sealed class ConnectivityCheckTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly InMemoryMembershipTable _table = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeProber _prober = new();
    private readonly ClusterMembershipOptions _options = new() { MaxJoinAttemptTime = TimeSpan.Zero };

    [Fact]
    public async Task RunAsync_NoOtherSilo_ProbesNobody()
    {
        await AddAsync(1, SiloStatus.Joining);

        await (await CreateAsync()).RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Empty(_prober.Probes);
    }

    [Fact]
    public async Task RunAsync_AllAnswer_IsDone()
    {
        await AddAsync(1, SiloStatus.Joining);
        await AddAsync(2, SiloStatus.Active);
        await AddAsync(3, SiloStatus.Dead);

        await (await CreateAsync()).RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Equal([Rows.Silo(2)], _prober.Probes.Select(probe => probe.Target));
    }

    [Fact]
    public async Task RunAsync_OneIsSilentForAWhile_WaitsForItAndAsksOnlyIt()
    {
        _options.MaxJoinAttemptTime = TimeSpan.FromMinutes(5);
        await AddAsync(1, SiloStatus.Joining);
        await AddAsync(2, SiloStatus.Active);
        await AddAsync(3, SiloStatus.Active);
        _prober.Silence(Rows.Silo(3));
        var running = (await CreateAsync()).RunAsync(CancellationToken.None);
        _prober.Answer(Rows.Silo(3));

        _clock.Advance(TimeSpan.FromSeconds(1));
        await running.WaitAsync(Limit);

        Assert.Equal([Rows.Silo(2), Rows.Silo(3), Rows.Silo(3)], _prober.Probes.Select(probe => probe.Target));
    }

    [Fact]
    public async Task RunAsync_SilentButStale_IsNotAsked()
    {
        await AddAsync(1, SiloStatus.Joining);
        await AddAsync(2, SiloStatus.Active);
        _prober.Silence(Rows.Silo(2));
        var check = await CreateAsync();
        _clock.Advance(TimeSpan.FromSeconds(91));

        await check.RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Empty(_prober.Probes);
    }

    [Fact]
    public async Task RunAsync_TimeIsUpAndEvictionOff_NamesTheSilent()
    {
        _options.EvictWhenMaxJoinAttemptTimeExceeded = false;
        await AddAsync(1, SiloStatus.Joining);
        await AddAsync(2, SiloStatus.Active);
        _prober.Silence(Rows.Silo(2));
        var check = await CreateAsync();

        var exception = await Assert.ThrowsAsync<OrleansClusterConnectivityCheckFailedException>(
            () => check.RunAsync(CancellationToken.None).WaitAsync(Limit));

        Assert.Contains(Rows.Silo(2).ToString(), exception.Message, StringComparison.Ordinal);
        Assert.Null((await _table.ReadRow(Rows.Silo(2))).Members.Single().Item1.SuspectTimes);
    }

    [Fact]
    public async Task RunAsync_TimeIsUpAndOneVoteIsEnough_GoesOnWithoutTheSilent()
    {
        await AddAsync(1, SiloStatus.Joining);
        await AddAsync(2, SiloStatus.Active);
        _prober.Silence(Rows.Silo(2));

        await (await CreateAsync()).RunAsync(CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(SiloStatus.Dead, (await _table.ReadRow(Rows.Silo(2))).Members.Single().Item1.Status);
    }

    private async Task AddAsync(int number, SiloStatus status) => await _table.InsertRow(
        Rows.Entry(number, status, _clock.GetUtcNow().UtcDateTime), (await _table.ReadAll()).Version.Next());

    private async Task<ConnectivityCheck> CreateAsync()
    {
        var silo = new FakeSilo(1);
        var view = new MembershipView();
        var protocol = new MembershipProtocol(_table, silo, view, new NoGossip(), _clock, NullLogger<MembershipProtocol>.Instance);
        await protocol.RefreshAsync(CancellationToken.None);
        return new ConnectivityCheck(protocol, view, silo, _prober, Options.Create(_options), _clock, NullLogger<ConnectivityCheck>.Instance);
    }
}
