namespace Orleans.Runtime;

/// <summary>The far end of an enumeration is gone.</summary>
[GenerateSerializer, Alias("orleans.EnumerationAbortedException")]
public sealed class EnumerationAbortedException : Exception
{
    /// <summary>A failure without details.</summary>
    public EnumerationAbortedException()
    {
    }

    /// <summary>A failure.</summary>
    public EnumerationAbortedException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public EnumerationAbortedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
