using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime.MembershipService;

/// <summary>The membership in the memory of one silo of this process, the primary. The others find it by its endpoint, and lose it with it.</summary>
internal sealed class DevelopmentMembershipTable(
    IOptions<DevelopmentClusterMembershipOptions> options, IOptions<ClusterOptions> cluster, ILocalSiloDetails silo)
    : IMembershipTable, IDisposable
{
    private static readonly ConcurrentDictionary<(string ClusterId, IPEndPoint Primary), InMemoryMembershipTable> Tables = [];

    private readonly (string ClusterId, IPEndPoint Primary) _key = (cluster.Value.ClusterId, options.Value.PrimarySiloEndpoint ?? silo.SiloAddress.Endpoint);
    private InMemoryMembershipTable? _table;

    private InMemoryMembershipTable Table =>
        _table ?? throw new InvalidOperationException("The membership table is not initialized. Start the silo first.");

    private bool IsPrimary => _key.Primary.Equals(silo.SiloAddress.Endpoint);

    public Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        if (IsPrimary)
        {
            Tables[_key] = _table = new InMemoryMembershipTable();
        }
        else
        {
            _table = Tables.GetValueOrDefault(_key)
                ?? throw new OrleansException(
                    $"Silo {silo.SiloAddress} found no primary silo of cluster '{_key.ClusterId}' at {_key.Primary} in this process. "
                        + "Start that silo first.");
        }

        return Task.CompletedTask;
    }

    public Task DeleteMembershipTableEntries(string clusterId) => Table.DeleteMembershipTableEntries(clusterId);

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Table.CleanupDefunctSiloEntries(beforeDate);

    public Task<MembershipTableData> ReadRow(SiloAddress key) => Table.ReadRow(key);

    public Task<MembershipTableData> ReadAll() => Table.ReadAll();

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => Table.InsertRow(entry, tableVersion);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => Table.UpdateRow(entry, etag, tableVersion);

    public Task UpdateIAmAlive(MembershipEntry entry) => Table.UpdateIAmAlive(entry);

    public void Dispose()
    {
        if (IsPrimary && _table is { } table)
        {
            Tables.TryRemove(KeyValuePair.Create(_key, table));
        }
    }
}
