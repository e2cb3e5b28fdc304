namespace Orleans.TestingHost;

/// <summary>What the silos of a test cluster talk over.</summary>
public enum ConnectionTransportType
{
    /// <summary>TCP.</summary>
    TcpSocket = 0,

    /// <summary>Memory. Messages are serialized as usual.</summary>
    InMemory = 1,

    /// <summary>Sockets in the file system.</summary>
    UnixSocket = 2,
}
