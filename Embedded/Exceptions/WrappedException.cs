using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>Stands for an exception that cannot travel: it has the other's text and the name of its type.</summary>
[GenerateSerializer, Alias("orleans.WrappedException")]
public class WrappedException : OrleansException
{
    [Id(0)]
    private string? _originalExceptionType;

    /// <summary>A failure with the text of the original.</summary>
    public WrappedException(string message)
        : base(message)
    {
    }

    /// <summary>The name of the original's type; null if it is not known.</summary>
    public string? OriginalExceptionType
    {
        get => _originalExceptionType;
        set => _originalExceptionType = value;
    }

    /// <summary>Throws a stand-in for an exception.</summary>
    [DoesNotReturn]
    public static void CreateAndRethrow(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        throw new WrappedException(exception.ToString()) { OriginalExceptionType = exception.GetType().FullName };
    }

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(WrappedException)} OriginalType: {OriginalExceptionType ?? "Unknown"}, Message: {Message}";
}
