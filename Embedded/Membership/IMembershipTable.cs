using Orleans.Runtime;

namespace Orleans;

/// <summary>A store of the membership: one row per silo and a version for the whole.</summary>
/// <remarks>Every method throws only if the store fails; a lost race is told by the result.</remarks>
public interface IMembershipTable
{
    /// <summary>Prepares the table.</summary>
    /// <param name="tryInitTableVersion">Whether to write version 0 if there is none.</param>
    Task InitializeMembershipTable(bool tryInitTableVersion);

    /// <summary>Deletes all rows of a cluster.</summary>
    Task DeleteMembershipTableEntries(string clusterId);

    /// <summary>Deletes rows of dead silos that last said before the date that they live.</summary>
    Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate);

    /// <summary>The row of one silo, with the version.</summary>
    Task<MembershipTableData> ReadRow(SiloAddress key);

    /// <summary>All rows and the version, as they are at one time.</summary>
    Task<MembershipTableData> ReadAll();

    /// <summary>Adds a row and installs the version, together.</summary>
    /// <returns>False if the silo has a row or the version's ETag is old.</returns>
    Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion);

    /// <summary>Replaces a row and installs the version, together.</summary>
    /// <returns>False if there is no row or an ETag is old.</returns>
    Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion);

    /// <summary>Replaces <see cref="MembershipEntry.IAmAliveTime"/> of a row. The version and ETags stay.</summary>
    Task UpdateIAmAlive(MembershipEntry entry);
}
