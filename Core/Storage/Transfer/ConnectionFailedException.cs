namespace Dpark.Storage.Transfer;

/// <summary>A connection broke, or its peer took too long. The connection is of no more use; the request may be tried again on another one.</summary>
/// <param name="isTimeout">Whether the peer took too long.</param>
internal sealed class ConnectionFailedException(string message, bool isTimeout, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Whether the peer took too long.</summary>
    public bool IsTimeout { get; } = isTimeout;

    /// <summary>Whether the peer answered, and has too many connections.</summary>
    public bool IsBusy { get; init; }
}
