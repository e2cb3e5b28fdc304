namespace Orleans.Networking.Shared;

/// <summary>How sockets are set up.</summary>
public class SocketConnectionOptions
{
    /// <summary>Whether small packets are sent at once. Default: true.</summary>
    public bool NoDelay { get; set; } = true;

    /// <summary>Whether the system asks a silent peer whether it is there. Default: true.</summary>
    public bool KeepAlive { get; set; } = true;

    /// <summary>After how many seconds of silence it asks. Default: 90.</summary>
    public int KeepAliveTimeSeconds { get; set; } = 90;

    /// <summary>Seconds between questions. Default: 30.</summary>
    public int KeepAliveIntervalSeconds { get; set; } = 30;

    /// <summary>How many questions without an answer break the connection. Default: 10.</summary>
    public int KeepAliveRetryCount { get; set; } = 10;
}
