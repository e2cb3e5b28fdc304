namespace Orleans.Runtime.Messaging;

/// <summary>A connection could not be made.</summary>
[GenerateSerializer, Alias("orleans.ConnectionFailedException")]
public class ConnectionFailedException : OrleansException
{
    /// <summary>A failure without details.</summary>
    public ConnectionFailedException()
        : base("Connection failed")
    {
    }

    /// <summary>A failure.</summary>
    public ConnectionFailedException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public ConnectionFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
