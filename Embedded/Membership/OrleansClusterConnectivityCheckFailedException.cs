namespace Orleans.Runtime.MembershipService;

/// <summary>A silo could not join, because others did not answer.</summary>
[GenerateSerializer, Alias("orleans.OrleansClusterConnectivityCheckFailedException")]
public sealed class OrleansClusterConnectivityCheckFailedException : OrleansException
{
    /// <summary>With a default message.</summary>
    public OrleansClusterConnectivityCheckFailedException()
        : base("Not all active silos of the cluster answered.")
    {
    }

    /// <summary>With a message.</summary>
    public OrleansClusterConnectivityCheckFailedException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public OrleansClusterConnectivityCheckFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
