namespace Orleans.Configuration;

/// <summary>Which cluster a silo or client belongs to.</summary>
public class ClusterOptions
{
    internal const string DevelopmentId = "dev";
    internal const string DefaultClusterId = "default";
    internal const string DefaultServiceId = "default";

    /// <summary>Names one deployment: its silos share a membership. Default: "default".</summary>
    public string ClusterId { get; set; } = DefaultClusterId;

    /// <summary>Names the service over all its deployments: storage keys start with it. Default: "default".</summary>
    public string ServiceId { get; set; } = DefaultServiceId;
}
