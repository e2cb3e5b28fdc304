namespace Orleans.Runtime;

/// <summary>The configuration of a silo or client is wrong.</summary>
[GenerateSerializer, Alias("orleans.OrleansConfigurationException")]
public sealed class OrleansConfigurationException : Exception
{
    /// <summary>A failure.</summary>
    public OrleansConfigurationException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public OrleansConfigurationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
