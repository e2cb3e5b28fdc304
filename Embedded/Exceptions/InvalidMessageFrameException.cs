namespace Orleans.Runtime.Messaging;

/// <summary>A frame is damaged or too large.</summary>
[GenerateSerializer, Alias("orleans.InvalidMessageFrameException")]
public sealed class InvalidMessageFrameException : OrleansException
{
    /// <summary>A failure without details.</summary>
    public InvalidMessageFrameException()
    {
    }

    /// <summary>A failure.</summary>
    public InvalidMessageFrameException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public InvalidMessageFrameException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
