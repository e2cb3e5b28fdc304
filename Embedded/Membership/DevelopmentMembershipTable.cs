using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime.MembershipService;

/// <summary>The membership in the memory of one silo, the primary. The others reach it by its endpoint, and lose it with it.</summary>
internal sealed class DevelopmentMembershipTable : IMembershipTable
{
    private readonly ILocalSiloDetails _silo;
    private readonly IPEndPoint _primary;
    private readonly Func<SiloAddress, IMembershipTableTarget> _targets;

    public DevelopmentMembershipTable(
        IOptions<DevelopmentClusterMembershipOptions> options, ILocalSiloDetails silo, Func<SiloAddress, IMembershipTableTarget> targets)
    {
        _silo = silo;
        _targets = targets;
        _primary = options.Value.PrimarySiloEndpoint ?? silo.SiloAddress.Endpoint;
        Own = _primary.Equals(silo.SiloAddress.Endpoint) ? new InMemoryMembershipTable() : null;
    }

    /// <summary>The table, if this silo holds it.</summary>
    public InMemoryMembershipTable? Own { get; }

    private IMembershipTableTarget Primary => field ??= _targets(MembershipTableTarget.AddressOf(_primary));

    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        try
        {
            await ReadAll().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            throw new OrleansException($"Silo {_silo.SiloAddress} found no primary silo of its cluster at {_primary}. Start that silo first.", exception);
        }
    }

    public Task DeleteMembershipTableEntries(string clusterId) =>
        Own?.DeleteMembershipTableEntries(clusterId) ?? Primary.DeleteMembershipTableEntriesAsync(clusterId);

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        Own?.CleanupDefunctSiloEntries(beforeDate) ?? Primary.CleanupDefunctSiloEntriesAsync(beforeDate);

    public async Task<MembershipTableData> ReadRow(SiloAddress key) =>
        Own is not null ? await Own.ReadRow(key).ConfigureAwait(false) : (await Primary.ReadRowAsync(key).ConfigureAwait(false)).ToData();

    public async Task<MembershipTableData> ReadAll() =>
        Own is not null ? await Own.ReadAll().ConfigureAwait(false) : (await Primary.ReadAllAsync().ConfigureAwait(false)).ToData();

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        Own?.InsertRow(entry, tableVersion) ?? Primary.InsertRowAsync(entry, tableVersion.Version, tableVersion.VersionEtag);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        Own?.UpdateRow(entry, etag, tableVersion) ?? Primary.UpdateRowAsync(entry, etag, tableVersion.Version, tableVersion.VersionEtag);

    public Task UpdateIAmAlive(MembershipEntry entry) => Own?.UpdateIAmAlive(entry) ?? Primary.UpdateIAmAliveAsync(entry);
}
