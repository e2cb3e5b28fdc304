namespace Orleans.Runtime;

/// <summary>The start of a silo or client was cancelled.</summary>
[GenerateSerializer, Alias("orleans.OrleansLifecycleCanceledException")]
public sealed class OrleansLifecycleCanceledException : OrleansException
{
    internal OrleansLifecycleCanceledException(string message)
        : base(message)
    {
    }
}
