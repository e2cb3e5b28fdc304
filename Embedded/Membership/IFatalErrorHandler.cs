namespace Orleans.Runtime;

/// <summary>Ends a silo that must not go on.</summary>
public interface IFatalErrorHandler
{
    /// <summary>Whether an exception is none that a silo can live with.</summary>
    bool IsUnexpected(Exception exception);

    /// <summary>Ends the silo. Returns at once.</summary>
    void OnFatalException(object? sender, string? context, Exception? exception);
}
