namespace Orleans.Runtime;

/// <summary>A failure of the runtime or of its use. Base of most of them.</summary>
[GenerateSerializer, Alias("orleans.OrleansException")]
public class OrleansException : Exception
{
    /// <summary>A failure without details.</summary>
    public OrleansException()
    {
    }

    /// <summary>A failure.</summary>
    public OrleansException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public OrleansException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
