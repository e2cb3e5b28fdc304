namespace Orleans.Runtime;

/// <summary>A gateway refuses requests for it has too much to do.</summary>
[GenerateSerializer, Alias("orleans.GatewayTooBusyException")]
public sealed class GatewayTooBusyException : OrleansException
{
    /// <summary>A failure without details.</summary>
    public GatewayTooBusyException()
        : base("Gateway too busy")
    {
    }

    /// <summary>A failure.</summary>
    public GatewayTooBusyException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public GatewayTooBusyException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
