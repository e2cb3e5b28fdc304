namespace Dpark.Applications;

/// <summary>What the cluster knows of one application.</summary>
/// <param name="Name">As the user named it; not unique.</param>
/// <param name="User">Who runs the driver.</param>
/// <param name="DriverHost">The driver's machine.</param>
/// <param name="StartedAt">By the driver's clock.</param>
[GenerateSerializer, Immutable, Alias("dpark.ApplicationInfo")]
public sealed record ApplicationInfo(
    [property: Id(0)] AppId Id,
    [property: Id(1)] string Name,
    [property: Id(2)] string User,
    [property: Id(3)] string DriverHost,
    [property: Id(4)] DateTimeOffset StartedAt);
