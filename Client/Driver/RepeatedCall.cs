using Orleans.Runtime;

namespace Dpark.Driver;

/// <summary>Makes a call again that failed: its request or its reply may have been lost with a silo.</summary>
internal static class RepeatedCall
{
    private const int MaxDelays = 10;

    // With default options a silo is declared dead 10 to 25 s after it died. The directory names it until then, and calls there are rejected.
    private static readonly TimeSpan RejectionLimit = TimeSpan.FromSeconds(60);

    /// <summary>Makes a call until it succeeds.</summary>
    /// <param name="call">Harmless when it is made twice.</param>
    /// <param name="maxCalls">At least 1. Calls that are rejected within a minute do not count.</param>
    /// <param name="delay">Pause before the second call; each further one is longer by as much, up to ten times as long.</param>
    /// <exception cref="Exception">That of the last call.</exception>
    /// <exception cref="OperationCanceledException">The token fired between two calls.</exception>
    public static async Task RunAsync(Func<Task> call, int maxCalls, TimeSpan delay, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var start = timeProvider.GetTimestamp();
        var counted = 0;
        for (var made = 1; ; made++)
        {
            try
            {
                await call().ConfigureAwait(false);
                return;
            }
            catch (OrleansMessageRejectionException) when (timeProvider.GetElapsedTime(start) < RejectionLimit && !cancellationToken.IsCancellationRequested)
            {
                // It was not carried out, so making it again is all that there is to do.
            }
#pragma warning disable CA1031 // The last failure is thrown.
            catch (Exception) when (++counted < maxCalls && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                // The request or its reply was lost.
            }

            await Task.Delay(delay * Math.Min(made, MaxDelays), timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }
}
