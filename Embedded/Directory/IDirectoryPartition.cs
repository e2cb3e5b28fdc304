namespace Orleans.Runtime.GrainDirectory;

/// <summary>What silos ask each other about activations.</summary>
/// <remarks>Each request carries the membership version of the asker. A silo with an older one reads the membership first.</remarks>
[Alias("orleans.IDirectoryPartition")]
internal interface IDirectoryPartition : ISystemTarget
{
    /// <summary>Registers an activation, unless the grain has another one that lives.</summary>
    [Alias("Register")]
    Task<DirectoryReply> RegisterAsync(GrainAddress address, GrainAddress? previous, MembershipVersion version);

    /// <summary>Finds a grain's activation.</summary>
    [Alias("Lookup")]
    Task<DirectoryReply> LookupAsync(GrainId grain, MembershipVersion version);

    /// <summary>Removes an activation.</summary>
    [Alias("Unregister")]
    Task<DirectoryReply> UnregisterAsync(GrainAddress address, MembershipVersion version);

    /// <summary>Activations of the asked silo, registered at a version before the asker's, whose hash is in one of the ranges.</summary>
    [Alias("GetRegistrations")]
    Task<List<GrainAddress>> GetRegistrationsAsync(List<HashRange> ranges, MembershipVersion version);
}
