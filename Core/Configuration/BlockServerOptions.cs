namespace Dpark.Configuration;

/// <summary>Where a worker serves its blocks. Bound from <c>Dpark:BlockServer</c>.</summary>
public sealed class BlockServerOptions
{
    /// <summary>Address or host name to listen on. Not empty. Default: <c>127.0.0.1</c>.</summary>
    public string ListenHost { get; set; } = "127.0.0.1";

    /// <summary>Port to listen on. From 0 to 65535; 0 takes a free one. Default: 0.</summary>
    public int Port { get; set; }

    /// <summary>
    /// Host name or address that other workers and drivers reach it by. Needed if <see cref="ListenHost"/> is <c>0.0.0.0</c> or <c>::</c>.
    /// Default: none, which means <see cref="ListenHost"/>.
    /// </summary>
    public string? AdvertisedHost { get; set; }

    /// <summary>Connections served at once; further ones are closed. From 1 to 1,000,000. Default: 4096.</summary>
    public int MaxConnections { get; set; } = 4096;

    /// <summary>How long a peer may take to send its next byte of a request, or to take the next bytes of an answer. From 1 s to 1 hour. Default: 60 s.</summary>
    public TimeSpan PeerTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a connection without a request is kept. From 1 s to 24 hours. Default: 10 minutes.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);
}
