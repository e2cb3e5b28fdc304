namespace Orleans.Messaging;

/// <summary>Tells a client which gateways there are.</summary>
public interface IGatewayListProvider
{
    /// <summary>Prepares the provider.</summary>
    Task InitializeGatewayListProvider();

    /// <summary>The gateways, such as <c>gwy.tcp://127.0.0.1:30000/0</c>.</summary>
    Task<IList<Uri>> GetGateways();

    /// <summary>How old the list may become.</summary>
    TimeSpan MaxStaleness { get; }

    /// <summary>Whether the list can change.</summary>
    bool IsUpdatable { get; }
}
