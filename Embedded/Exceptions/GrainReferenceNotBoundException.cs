namespace Orleans.Runtime;

/// <summary>A reference belongs to no client or silo.</summary>
[GenerateSerializer, Alias("orleans.GrainReferenceNotBoundException")]
public sealed class GrainReferenceNotBoundException : OrleansException
{
    internal GrainReferenceNotBoundException(string message)
        : base(message)
    {
    }
}
