namespace Dpark.Configuration;

/// <summary>How blocks of other workers are fetched. Bound from <c>Dpark:BlockClient</c>.</summary>
public sealed class BlockClientOptions
{
    /// <summary>How long a connection may take to be made and authenticated. From 100 ms to 10 minutes. Default: 5 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a server may take to send its next bytes, or to take them. From 100 ms to 1 hour. Default: 60 s.</summary>
    public TimeSpan PeerTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a request is tried before its failure is reported, if the connection fails. From 1 to 100. Default: 3.</summary>
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Pause before the second attempt; each further one doubles it. From 0 to 1 minute. Default: 100 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Connections without a request that are kept per server. From 0 to 1024. Default: 16.</summary>
    public int MaxIdleConnections { get; set; } = 16;

    /// <summary>How long a connection without a request is kept. Shorter than the server's. From 1 s to 24 hours. Default: 2 minutes.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(2);
}
