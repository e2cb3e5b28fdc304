namespace Orleans.Runtime;

/// <summary>The silo of the callee is dead, or the connection to it was lost. The outcome of the call is unknown.</summary>
[GenerateSerializer, Alias("orleans.SiloUnavailableException")]
public sealed class SiloUnavailableException : OrleansMessageRejectionException
{
    /// <summary>A failure without details.</summary>
    public SiloUnavailableException()
        : base("The target silo became unavailable for this message.")
    {
    }

    /// <summary>A failure.</summary>
    public SiloUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public SiloUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
