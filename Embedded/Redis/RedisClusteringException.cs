namespace Orleans.Clustering.Redis;

/// <summary>The membership table in Redis could not be read or written.</summary>
[GenerateSerializer, Alias("orleans.RedisClusteringException")]
public class RedisClusteringException : Exception
{
    /// <summary>Without details.</summary>
    public RedisClusteringException()
    {
    }

    /// <summary>With a message.</summary>
    public RedisClusteringException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public RedisClusteringException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
