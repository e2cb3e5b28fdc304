namespace Orleans.Serialization;

/// <summary>Stands for a remote exception whose type is not available here.</summary>
public sealed class UnavailableExceptionFallbackException : Exception
{
    /// <summary>Creates it without a message.</summary>
    public UnavailableExceptionFallbackException()
    {
    }

    /// <summary>Creates it.</summary>
    public UnavailableExceptionFallbackException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The full name of the type that is not available.</summary>
    public string? ExceptionType { get; internal set; }

    /// <summary>What else is known of the exception; empty here.</summary>
    public Dictionary<string, object> Properties { get; } = [];

    /// <inheritdoc/>
    public override string ToString() => string.IsNullOrEmpty(ExceptionType) ? base.ToString() : $"Unavailable exception type {ExceptionType}: {base.ToString()}";
}
