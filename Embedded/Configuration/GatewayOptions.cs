namespace Orleans.Configuration;

/// <summary>How a client uses gateways.</summary>
public class GatewayOptions
{
    /// <summary>How often the list of gateways is read. Default: 1 min.</summary>
    public TimeSpan GatewayListRefreshPeriod { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Which gateway of the list to prefer. -1: none. Default: -1.</summary>
    public int PreferredGatewayIndex { get; set; } = -1;
}
