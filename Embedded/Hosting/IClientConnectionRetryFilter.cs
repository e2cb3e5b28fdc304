namespace Orleans;

/// <summary>Says whether a client that could not connect tries again.</summary>
public interface IClientConnectionRetryFilter
{
    /// <summary>Called after each failed attempt; waits as long as it likes.</summary>
    /// <returns>False to give up; the exception then ends the host's start.</returns>
    Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken);
}
