using Orleans.Configuration;

namespace Orleans.Runtime.MembershipService;

/// <summary>Counts who suspects a silo. Pure.</summary>
internal static class MembershipVotes
{
    /// <summary>Whether the silo has not said for long that it lives.</summary>
    public static bool IsStale(MembershipEntry entry, DateTime now, ClusterMembershipOptions options)
    {
        var last = entry.IAmAliveTime > entry.StartTime ? entry.IAmAliveTime : entry.StartTime;
        return now - last > options.IAmAliveTablePublishTimeout * options.NumMissedTableIAmAliveLimit;
    }

    /// <summary>How many votes a death takes: half of the silos that are active and not stale, rounded up; no more than the option says, at least one.</summary>
    public static int Needed(MembershipTableData data, DateTime now, ClusterMembershipOptions options)
    {
        var running = data.Members.Count(row => row.Item1.Status == SiloStatus.Active && !IsStale(row.Item1, now, options));
        return Math.Max(1, Math.Min(options.NumVotesForDeathDeclaration, (running + 1) / 2));
    }

    /// <summary>Adds votes to a row, and drops those that have expired. If there are enough, the status becomes dead.</summary>
    /// <returns>False if nothing new is said: the row need not be written.</returns>
    public static bool Add(MembershipEntry victim, IEnumerable<SiloAddress> voters, int needed, DateTime now, ClusterMembershipOptions options)
    {
        var votes = victim.SuspectTimes?.Where(vote => now - vote.Item2 < options.DeathVoteExpirationTimeout).ToList() ?? [];
        var before = votes.Count;
        foreach (var voter in voters.Where(voter => !votes.Exists(vote => vote.Item1.Equals(voter))))
        {
            votes.Add(Tuple.Create(voter, now));
        }

        var isDead = votes.Select(vote => vote.Item1).Distinct().Count() >= needed;
        if (votes.Count == before && !isDead)
        {
            return false;
        }

        victim.SuspectTimes = votes;
        victim.Status = isDead ? SiloStatus.Dead : victim.Status;
        return true;
    }
}
