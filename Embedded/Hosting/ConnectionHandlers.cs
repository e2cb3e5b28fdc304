namespace Orleans;

/// <summary>Told that a client has no connection to the cluster any more. On any thread; must be short.</summary>
public delegate void ConnectionToClusterLostHandler(object sender, EventArgs e);

/// <summary>Told that a client is connected to more or fewer gateways. On any thread; must be short.</summary>
public delegate void GatewayCountChangedHandler(object sender, GatewayCountChangedEventArgs e);

/// <summary>How many gateways a client is connected to.</summary>
public class GatewayCountChangedEventArgs : EventArgs
{
    /// <summary>A change.</summary>
    public GatewayCountChangedEventArgs(int currentNumberOfConnectedGateways, int previousNumberOfConnectedGateways)
    {
        NumberOfConnectedGateways = currentNumberOfConnectedGateways;
        PreviousNumberOfConnectedGateways = previousNumberOfConnectedGateways;
    }

    /// <summary>The number now.</summary>
    public int NumberOfConnectedGateways { get; }

    /// <summary>The number before.</summary>
    public int PreviousNumberOfConnectedGateways { get; }

    /// <summary>Whether there was no connection before, and is one now.</summary>
    public bool ConnectionRecovered => NumberOfConnectedGateways > 0 && PreviousNumberOfConnectedGateways <= 0;
}

/// <summary>Told about the connections of a client. On any thread; must be short.</summary>
public interface IClusterConnectionStatusObserver
{
    /// <summary>The client is connected to more or fewer gateways.</summary>
    /// <param name="connectionRecovered">Whether there was no connection before, and is one now.</param>
    void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered);

    /// <summary>The client has no connection to the cluster any more.</summary>
    void NotifyClusterConnectionLost();
}
