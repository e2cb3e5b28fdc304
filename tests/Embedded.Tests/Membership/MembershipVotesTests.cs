using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

public sealed class MembershipVotesTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);
    private readonly ClusterMembershipOptions _options = new();

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(50, 2)]
    public void Needed_ActiveSilos_IsHalfButNotMoreThanTheOption(int active, int expected)
    {
        Assert.Equal(expected, MembershipVotes.Needed(Table(Enumerable.Range(1, active).Select(number => Rows.Entry(number, SiloStatus.Active, Now))), Now, _options));
    }

    [Fact]
    public void Needed_StaleAndOtherSilos_DoNotCount()
    {
        MembershipEntry[] rows =
        [
            Rows.Entry(1, SiloStatus.Active, Now), Rows.Entry(2, SiloStatus.Active, Now), Rows.Entry(3, SiloStatus.Active, Now.AddSeconds(-91)),
            Rows.Entry(4, SiloStatus.Joining, Now), Rows.Entry(5, SiloStatus.Dead, Now),
        ];

        Assert.Equal(1, MembershipVotes.Needed(Table(rows), Now, _options));
    }

    [Fact]
    public void IsStale_StartedLately_IsFalse()
    {
        var entry = Rows.Entry(1);
        entry.StartTime = Now.AddSeconds(-1);

        Assert.False(MembershipVotes.IsStale(entry, Now, _options));
        Assert.True(MembershipVotes.IsStale(entry, Now.AddSeconds(90), _options));
    }

    [Fact]
    public void Add_SecondVoter_CompletesTheQuorum()
    {
        var victim = Rows.Entry(1);

        Assert.True(MembershipVotes.Add(victim, [Rows.Silo(2)], 2, Now, _options));
        Assert.Equal(SiloStatus.Active, victim.Status);
        Assert.True(MembershipVotes.Add(victim, [Rows.Silo(3)], 2, Now.AddSeconds(119), _options));
        Assert.Equal(SiloStatus.Dead, victim.Status);
        Assert.Equal(2, victim.SuspectTimes!.Count);
    }

    [Fact]
    public void Add_SameVoterAgain_SaysNothingNew()
    {
        var victim = Rows.Entry(1);
        MembershipVotes.Add(victim, [Rows.Silo(2)], 2, Now, _options);

        Assert.False(MembershipVotes.Add(victim, [Rows.Silo(2)], 2, Now.AddSeconds(1), _options));
        Assert.Equal(SiloStatus.Active, victim.Status);
    }

    [Fact]
    public void Add_OtherVoteHasExpired_IsDroppedAndDoesNotCount()
    {
        var victim = Rows.Entry(1);
        MembershipVotes.Add(victim, [Rows.Silo(2)], 2, Now, _options);

        MembershipVotes.Add(victim, [Rows.Silo(3)], 2, Now.AddMinutes(2), _options);

        Assert.Equal(SiloStatus.Active, victim.Status);
        Assert.Equal([Rows.Silo(3)], victim.SuspectTimes!.Select(vote => vote.Item1));
    }

    [Fact]
    public void Add_QuorumShrank_OldVoteIsEnough()
    {
        var victim = Rows.Entry(1);
        MembershipVotes.Add(victim, [Rows.Silo(2)], 2, Now, _options);

        Assert.True(MembershipVotes.Add(victim, [Rows.Silo(2)], 1, Now, _options));
        Assert.Equal(SiloStatus.Dead, victim.Status);
    }

    private static MembershipTableData Table(IEnumerable<MembershipEntry> rows) =>
        new([.. rows.Select(row => Tuple.Create(row, "0"))], new TableVersion(0, "0"));
}
