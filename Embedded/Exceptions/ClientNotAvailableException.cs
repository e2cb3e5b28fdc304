namespace Orleans.Runtime;

/// <summary>The client of an observer is gone.</summary>
[GenerateSerializer, Alias("orleans.ClientNotAvailableException")]
public sealed class ClientNotAvailableException : OrleansException
{
    internal ClientNotAvailableException(string message)
        : base(message)
    {
    }
}
