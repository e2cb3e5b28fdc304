namespace Dpark.Clusters;

/// <summary>What Redis's client is told, the same on silos and clients.</summary>
internal static class RedisConnectionString
{
    /// <summary>A connection string that fails at once if nobody answers, and comes back by itself later.</summary>
    public static string Write(ClusterEndpoint redis, string? password) =>
        $"{redis},connectTimeout=3000{(string.IsNullOrEmpty(password) ? "" : $",password={password}")}";
}
