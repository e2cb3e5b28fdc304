namespace Orleans.Configuration;

/// <summary>How connections are opened.</summary>
public class ConnectionOptions
{
    /// <summary>How many connections lead to one endpoint. Default: 1.</summary>
    public int ConnectionsPerEndpoint { get; set; } = 1;

    /// <summary>How long after a failure the next attempt is refused. Default: 1 s.</summary>
    public TimeSpan ConnectionRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long opening may take. Default: 5 s.</summary>
    public TimeSpan OpenConnectionTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
