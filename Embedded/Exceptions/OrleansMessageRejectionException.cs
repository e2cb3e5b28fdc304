namespace Orleans.Runtime;

/// <summary>A message could not be delivered.</summary>
[GenerateSerializer, Alias("orleans.OrleansMessageRejectionException")]
public class OrleansMessageRejectionException : OrleansException
{
    internal OrleansMessageRejectionException(string message)
        : base(message)
    {
    }

    internal OrleansMessageRejectionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
