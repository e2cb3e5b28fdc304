namespace Orleans.Persistence.Redis;

/// <summary>A grain state in Redis could not be read or written.</summary>
[GenerateSerializer, Alias("orleans.RedisStorageException")]
public class RedisStorageException : Exception
{
    /// <summary>Without details.</summary>
    public RedisStorageException()
    {
    }

    /// <summary>With a message.</summary>
    public RedisStorageException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public RedisStorageException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
