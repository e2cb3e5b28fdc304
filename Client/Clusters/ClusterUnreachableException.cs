namespace Dpark.Clusters;

/// <summary>A cluster cannot be used: it does not answer, has no workers, or does not take this client. The message says what was tried and what to do.</summary>
public sealed class ClusterUnreachableException : Exception
{
    internal ClusterUnreachableException(string clusterId, string places, string problem, string advice, Exception? cause)
        : base($"Cluster '{clusterId}' ({places}) cannot be used: {problem.TrimEnd('.')}. {advice}", cause)
    {
        ClusterId = clusterId;
        Places = places;
    }

    /// <summary>The id that the client gave.</summary>
    public string ClusterId { get; }

    /// <summary>Where the cluster was looked for, such as <c>gateways silo-1:30000, silo-2:30000</c>.</summary>
    public string Places { get; }
}
