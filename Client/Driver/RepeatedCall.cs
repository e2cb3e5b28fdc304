namespace Dpark.Driver;

/// <summary>Makes a call again that failed: its request or its reply may have been lost with a silo.</summary>
internal static class RepeatedCall
{
    /// <summary>Makes a call until it succeeds.</summary>
    /// <param name="call">Harmless when it is made twice.</param>
    /// <param name="maxCalls">At least 1.</param>
    /// <param name="delay">Pause before the second call; each further one is longer by as much.</param>
    /// <exception cref="Exception">That of the last call.</exception>
    /// <exception cref="OperationCanceledException">The token fired between two calls.</exception>
    public static async Task RunAsync(Func<Task> call, int maxCalls, TimeSpan delay, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        for (var made = 1; ; made++)
        {
            try
            {
                await call().ConfigureAwait(false);
                return;
            }
#pragma warning disable CA1031 // The last failure is thrown.
            catch (Exception) when (made < maxCalls && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                await Task.Delay(delay * made, timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
