using System.Net;

namespace Orleans.Configuration;

/// <summary>Membership in the memory of one silo, for development.</summary>
public class DevelopmentClusterMembershipOptions
{
    /// <summary>The silo that holds it. Null: this one.</summary>
    public IPEndPoint? PrimarySiloEndpoint { get; set; }
}
