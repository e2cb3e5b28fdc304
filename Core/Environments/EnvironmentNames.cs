namespace Dpark.Environments;

/// <summary>Names in a <see cref="DparkEnvironment"/>. They travel from the master to its workers and never change.</summary>
public static class EnvironmentNames
{
    /// <summary>Where the map outputs of this process are served, such as <c>file:///tmp/dpark/host-1f3a</c>.</summary>
    public const string ServerUri = "SERVER_URI";

    /// <summary>Codec of blocks, such as <c>lz4</c>. Master and workers must agree.</summary>
    public const string Compress = "COMPRESS";

    /// <summary>Address of the tracker.</summary>
    public const string TrackerAddress = "TRACKER_ADDR";

    /// <summary>Identity of one run, <c>host-uuid</c>; names its directory under each root.</summary>
    public const string DparkId = "DPARK_ID";

    /// <summary>Work directories of this process, main one first, separated by commas.</summary>
    public const string WorkDirectories = "WORKDIR";

    /// <summary>Address of the service that knows who has which piece of a broadcast.</summary>
    public const string BroadcastGuideAddress = "NewBroadcastGuideAddr";

    /// <summary>Address of the service that fetches broadcasts for the processes of one host.</summary>
    public const string BroadcastDownloadAddress = "NewDownloadAddr";
}
