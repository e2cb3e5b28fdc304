using System.Net;

namespace Orleans.Runtime.MembershipService;

/// <summary><see cref="IMembershipTableTarget"/> of a silo that is the primary.</summary>
/// <remarks>Its id names no generation of the silo: who joins knows only the endpoint.</remarks>
internal sealed class MembershipTableTarget(DevelopmentMembershipTable table, ILocalSiloDetails silo)
    : SystemTarget(Type, AddressOf(silo.SiloAddress.Endpoint)), IMembershipTableTarget
{
    public static readonly GrainType Type = GrainType.Create(GrainTypePrefix.SystemTargetPrefix + "membershiptable");

    private InMemoryMembershipTable Rows => table.Own
        ?? throw new OrleansException($"Silo {silo.SiloAddress} does not hold the membership. Name the primary silo of the cluster.");

    /// <summary>Whoever listens at an endpoint.</summary>
    public static SiloAddress AddressOf(IPEndPoint endpoint) => SiloAddress.New(endpoint, 0);

    public Task DeleteMembershipTableEntriesAsync(string clusterId) => Rows.DeleteMembershipTableEntries(clusterId);

    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate) => Rows.CleanupDefunctSiloEntries(beforeDate);

    public async Task<MembershipRows> ReadRowAsync(SiloAddress key) => MembershipRows.Of(await Rows.ReadRow(key));

    public async Task<MembershipRows> ReadAllAsync() => MembershipRows.Of(await Rows.ReadAll());

    public Task<bool> InsertRowAsync(MembershipEntry entry, int version, string versionETag) => Rows.InsertRow(entry, new TableVersion(version, versionETag));

    public Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, int version, string versionETag) =>
        Rows.UpdateRow(entry, etag, new TableVersion(version, versionETag));

    public Task UpdateIAmAliveAsync(MembershipEntry entry) => Rows.UpdateIAmAlive(entry);
}
