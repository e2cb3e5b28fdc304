using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

public sealed class MembershipProtocolTests
{
    private readonly InMemoryMembershipTable _table = new();

    [Fact]
    public async Task JoinAsync_EmptyTable_WritesJoiningRowAndGossips()
    {
        var (protocol, view, gossip) = Create(1);

        await protocol.JoinAsync(CancellationToken.None);

        Assert.Equal(SiloStatus.Joining, view.Current.GetSiloStatus(Rows.Silo(1)));
        Assert.Equal(view.Current.Version, Assert.Single(gossip.Sent).Version);
    }

    [Fact]
    public async Task JoinAsync_OlderSiloAtEndpoint_IsDeclaredDead()
    {
        var (older, _, _) = Create(1, generation: 1);
        await older.JoinAsync(CancellationToken.None);
        await older.UpdateStatusAsync(SiloStatus.Active, CancellationToken.None);
        var (newer, view, _) = Create(1, generation: 2);

        await newer.JoinAsync(CancellationToken.None);

        Assert.Equal(SiloStatus.Dead, view.Current.GetSiloStatus(Rows.Silo(1, 1)));
        Assert.Equal(SiloStatus.Joining, view.Current.GetSiloStatus(Rows.Silo(1, 2)));
    }

    [Fact]
    public async Task JoinAsync_NewerSiloAtEndpoint_Throws()
    {
        await Create(1, generation: 2).Protocol.JoinAsync(CancellationToken.None);

        var exception = await Assert.ThrowsAsync<OrleansException>(() => Create(1, generation: 1).Protocol.JoinAsync(CancellationToken.None));

        Assert.Contains("newer", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JoinAsync_AddressOfADeadSilo_Throws()
    {
        var (former, _, _) = Create(1);
        await former.JoinAsync(CancellationToken.None);
        await former.UpdateStatusAsync(SiloStatus.Dead, CancellationToken.None);

        var exception = await Assert.ThrowsAsync<OrleansException>(() => Create(1).Protocol.JoinAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20)));

        Assert.Contains("had this address and is Dead", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UpdateStatusAsync_ManySilosAtOnce_AllSucceedOneVersionEach()
    {
        var silos = Enumerable.Range(1, 8).Select(number => (Number: number, Create(number).Protocol)).ToList();
        await Task.WhenAll(silos.Select(silo => silo.Protocol.JoinAsync(CancellationToken.None))).WaitAsync(TimeSpan.FromSeconds(20));

        await Task.WhenAll(silos.Select(silo => silo.Protocol.UpdateStatusAsync(SiloStatus.Active, CancellationToken.None))).WaitAsync(TimeSpan.FromSeconds(20));

        var data = await _table.ReadAll();
        Assert.Equal(16, data.Version.Version);
        Assert.All(data.Members, row => Assert.Equal(SiloStatus.Active, row.Item1.Status));
    }

    [Fact]
    public async Task UpdateStatusAsync_DeclaredDead_StaysDead()
    {
        var (victim, view, _) = Create(1);
        await victim.JoinAsync(CancellationToken.None);
        await Create(2).Protocol.DeclareDeadAsync(Rows.Silo(1), CancellationToken.None);

        await victim.UpdateStatusAsync(SiloStatus.Active, CancellationToken.None);

        Assert.Equal(SiloStatus.Dead, view.Current.GetSiloStatus(Rows.Silo(1)));
    }

    [Fact]
    public async Task UpdateStatusAsync_RowGone_Throws()
    {
        var (protocol, _, _) = Create(1);
        await protocol.JoinAsync(CancellationToken.None);
        await _table.DeleteMembershipTableEntries("test");

        await Assert.ThrowsAsync<OrleansMissingMembershipEntryException>(() => protocol.UpdateStatusAsync(SiloStatus.Active, CancellationToken.None));
    }

    [Fact]
    public async Task DeclareDeadAsync_UnknownSilo_ReturnsFalse()
    {
        Assert.False(await Create(1).Protocol.DeclareDeadAsync(Rows.Silo(9), CancellationToken.None));
    }

    [Theory]
    [InlineData(null, new[] { 1, 3, 4, 5 })]
    [InlineData(3, new[] { 1, 3, 4, 5 })]
    [InlineData(1, new[] { 1, 5 })]
    [InlineData(0, new[] { 1 })]
    public async Task CleanUpAsync_DeadSilos_NewestStayUpToTheLimit(int? most, int[] expected)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        MembershipEntry[] rows =
        [
            Rows.Entry(1, SiloStatus.Active, now.AddDays(-9)), Rows.Entry(2, SiloStatus.Dead, now.AddDays(-8)), Rows.Entry(3, SiloStatus.Dead, now.AddDays(-3)),
            Rows.Entry(4, SiloStatus.Dead, now.AddDays(-2)), Rows.Entry(5, SiloStatus.Dead, now.AddDays(-1)),
        ];
        foreach (var row in rows)
        {
            await _table.InsertRow(row, (await _table.ReadAll()).Version.Next());
        }

        await Create(1).Protocol.CleanUpAsync(new ClusterMembershipOptions { MaxDefunctSiloEntries = most });

        Assert.Equal(expected.Select(number => Rows.Silo(number)), (await _table.ReadAll()).Members.Select(row => row.Item1.SiloAddress));
    }

    private (MembershipProtocol Protocol, MembershipView View, RecordingGossip Gossip) Create(int number, int generation = 1)
    {
        var view = new MembershipView();
        var gossip = new RecordingGossip();
        return (new MembershipProtocol(_table, new FakeSilo(number, generation), view, gossip, TimeProvider.System, NullLogger<MembershipProtocol>.Instance), view, gossip);
    }

    private sealed class RecordingGossip : IMembershipGossip
    {
        public List<ClusterMembershipSnapshot> Sent { get; } = [];

        public void Send(ClusterMembershipSnapshot snapshot, SiloAddress changed) => Sent.Add(snapshot);
    }
}
