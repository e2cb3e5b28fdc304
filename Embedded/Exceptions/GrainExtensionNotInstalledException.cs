namespace Orleans.Runtime;

/// <summary>A grain was called through an extension that it does not have.</summary>
[GenerateSerializer, Alias("orleans.GrainExtensionNotInstalledException")]
public sealed class GrainExtensionNotInstalledException : OrleansException
{
    /// <summary>A failure without details.</summary>
    public GrainExtensionNotInstalledException()
        : base("The grain extension is not installed.")
    {
    }

    /// <summary>A failure.</summary>
    public GrainExtensionNotInstalledException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its cause.</summary>
    public GrainExtensionNotInstalledException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
