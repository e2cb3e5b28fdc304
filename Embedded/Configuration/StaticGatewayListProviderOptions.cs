namespace Orleans.Configuration;

/// <summary>A fixed list of gateways.</summary>
public class StaticGatewayListProviderOptions
{
    /// <summary>Gateways, such as <c>gwy.tcp://127.0.0.1:30000/0</c>.</summary>
    public List<Uri> Gateways { get; set; } = [];
}
