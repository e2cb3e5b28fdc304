namespace Dpark.Configuration;

/// <summary>Who may use a worker. Bound from <c>Dpark:Security</c>.</summary>
public sealed class SecurityOptions
{
    /// <summary>
    /// What workers and drivers of one cluster share, so that nobody else can read their blocks. Empty, or from 16 to 1024 characters. Default: empty.
    /// </summary>
    /// <remarks>Take it from a secret store or an environment variable, never from a command line. It is not sent, logged or shown.</remarks>
    public string ClusterSecret { get; set; } = "";

    /// <summary>
    /// Whether a worker may be reached from other machines without TLS or without a secret. Whoever reaches it can then run code on it. Default: <see langword="false"/>.
    /// </summary>
    public bool AllowInsecure { get; set; }
}
