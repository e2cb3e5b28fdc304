using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

public sealed class ProbeTargetsTests
{
    [Fact]
    public void Choose_FewSilos_AreAllOthersThatCanHoldGrains()
    {
        var snapshot = Rows.Snapshot(
            1,
            (Rows.Silo(1), SiloStatus.Active), (Rows.Silo(2), SiloStatus.Active), (Rows.Silo(3), SiloStatus.ShuttingDown),
            (Rows.Silo(4), SiloStatus.Stopping), (Rows.Silo(5), SiloStatus.Joining), (Rows.Silo(6), SiloStatus.Dead));

        var targets = ProbeTargets.Choose(snapshot, Rows.Silo(1), 10);

        Assert.Equal([Rows.Silo(2), Rows.Silo(3), Rows.Silo(4)], targets.Order());
    }

    [Fact]
    public void Choose_ManySilos_EachIsWatchedBySeveral()
    {
        const int SiloCount = 40;
        const int ProbedCount = 5;
        int[] numbers = [.. Enumerable.Range(1, SiloCount)];
        var snapshot = Rows.Active(1, numbers);

        var targets = numbers.ToDictionary(number => Rows.Silo(number), number => ProbeTargets.Choose(snapshot, Rows.Silo(number), ProbedCount));

        Assert.All(targets, entry =>
        {
            Assert.Equal(ProbedCount, entry.Value.Distinct().Count());
            Assert.DoesNotContain(entry.Key, entry.Value);
            Assert.InRange(targets.Count(other => other.Value.Contains(entry.Key)), 2, 3 * ProbedCount);
        });
    }
}
