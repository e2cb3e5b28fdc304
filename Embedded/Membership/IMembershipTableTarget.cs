namespace Orleans.Runtime.MembershipService;

/// <summary>The membership table in the memory of the primary silo, for silos elsewhere. Its methods are those of <see cref="IMembershipTable"/>.</summary>
[Alias("orleans.IMembershipTableTarget")]
internal interface IMembershipTableTarget : ISystemTarget
{
    [Alias("DeleteMembershipTableEntries")]
    Task DeleteMembershipTableEntriesAsync(string clusterId);

    [Alias("CleanupDefunctSiloEntries")]
    Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate);

    [Alias("ReadRow")]
    Task<MembershipRows> ReadRowAsync(SiloAddress key);

    [Alias("ReadAll")]
    Task<MembershipRows> ReadAllAsync();

    [Alias("InsertRow")]
    Task<bool> InsertRowAsync(MembershipEntry entry, int version, string versionETag);

    [Alias("UpdateRow")]
    Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, int version, string versionETag);

    [Alias("UpdateIAmAlive")]
    Task UpdateIAmAliveAsync(MembershipEntry entry);
}

/// <summary>Rows of a membership table as they travel.</summary>
[GenerateSerializer, Immutable, Alias("orleans.MembershipRows")]
internal sealed class MembershipRows
{
    [Id(0)]
    public List<MembershipEntry> Entries { get; set; } = [];

    /// <summary>Of the entries, in their order.</summary>
    [Id(1)]
    public List<string> ETags { get; set; } = [];

    [Id(2)]
    public int Version { get; set; }

    [Id(3)]
    public string VersionETag { get; set; } = "";

    public static MembershipRows Of(MembershipTableData data) => new()
    {
        Entries = [.. data.Members.Select(row => row.Item1)],
        ETags = [.. data.Members.Select(row => row.Item2)],
        Version = data.Version.Version,
        VersionETag = data.Version.VersionEtag,
    };

    public MembershipTableData ToData() =>
        new([.. Entries.Zip(ETags, Tuple.Create)], new TableVersion(Version, VersionETag));
}
