using System.Collections.Immutable;
using System.Net;
using Orleans;
using Orleans.Runtime;

namespace Dpark.Tests.Membership;

internal static class Rows
{
    public static SiloAddress Silo(int number, int generation = 1) => SiloAddress.New(IPAddress.Loopback, 10_000 + number, generation);

    public static MembershipEntry Entry(int number, SiloStatus status = SiloStatus.Active, DateTime alive = default) =>
        new() { SiloAddress = Silo(number), SiloName = $"silo-{number}", Status = status, IAmAliveTime = alive };

    public static ClusterMembershipSnapshot Snapshot(long version, params (SiloAddress Silo, SiloStatus Status)[] members) => new(
        members.ToImmutableDictionary(member => member.Silo, member => new ClusterMember(member.Silo, member.Status, member.Silo.ToString())),
        new MembershipVersion(version));

    /// <summary>Those silos, all active.</summary>
    public static ClusterMembershipSnapshot Active(long version, params int[] numbers) =>
        Snapshot(version, [.. numbers.Select(number => (Silo(number), SiloStatus.Active))]);
}

internal sealed class FakeSilo(int number, int generation = 1) : ILocalSiloDetails
{
    public string Name => $"silo-{number}";

    public string ClusterId => "test";

    public string DnsHostName => "host";

    public SiloAddress SiloAddress { get; } = Rows.Silo(number, generation);

    public SiloAddress? GatewayAddress => null;
}
