namespace Orleans.Runtime;

/// <summary>A queue is at its limit.</summary>
[GenerateSerializer, Alias("orleans.LimitExceededException")]
public sealed class LimitExceededException : OrleansException
{
    /// <summary>A failure without details.</summary>
    public LimitExceededException()
        : base("Limit exceeded")
    {
    }

    /// <summary>A failure.</summary>
    public LimitExceededException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public LimitExceededException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
