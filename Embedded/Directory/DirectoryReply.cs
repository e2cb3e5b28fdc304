namespace Orleans.Runtime.GrainDirectory;

/// <summary>Answer of a directory partition.</summary>
/// <param name="IsOwner">False: the silo does not hold the grain's entry at its version, and has done nothing.</param>
/// <param name="Version">The membership at which the answer was given.</param>
/// <param name="Address">The registered activation. Null: none.</param>
[GenerateSerializer, Immutable, Alias("orleans.DirectoryReply")]
internal sealed record DirectoryReply(
    [property: Id(0)] bool IsOwner, [property: Id(1)] MembershipVersion Version, [property: Id(2)] GrainAddress? Address);
