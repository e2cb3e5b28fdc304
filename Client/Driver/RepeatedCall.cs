using Orleans.Runtime;

namespace Dpark.Driver;

/// <summary>Makes a call again that failed: its request or its reply may have been lost with a silo.</summary>
/// <remarks>
/// What the runtime could not deliver is tried for a time, other failures a number of times. With default options a silo is declared dead 10 to 25 s after it died, and 2
/// minutes after it if most of the cluster died with it; the directory names it until then. A client without gateways looks for others all the while.
/// </remarks>
/// <param name="undeliveredLimit">How long a call is made that cannot be delivered. <see cref="Timeout.InfiniteTimeSpan"/>: until it is cancelled.</param>
/// <param name="gateways">Makes calls again that were under way when a gateway was lost. <see langword="null"/>: they wait for their timeout.</param>
internal sealed class RepeatedCall(TimeSpan undeliveredLimit, TimeProvider timeProvider, GatewayWatch? gateways = null)
{
    private const int MaxDelays = 10;

    /// <summary>Repeats what cannot be delivered as long as a job waits for it, at the end of which the job says so.</summary>
    public static RepeatedCall WithinWaitingLimit(DriverSettings settings, TimeProvider timeProvider, GatewayWatch? gateways = null) =>
        new(settings.Options.Scheduler.WaitingLimit is var limit && limit > TimeSpan.Zero ? limit : Timeout.InfiniteTimeSpan, timeProvider, gateways);

    /// <summary>Makes a call until it succeeds.</summary>
    /// <param name="call">Harmless when it is made twice.</param>
    /// <param name="maxCalls">At least 1. Calls that could not be delivered do not count until their time is over.</param>
    /// <param name="delay">Pause before the second call; each further one is longer by as much, up to ten times as long.</param>
    /// <param name="onUndelivered">Told of each call that could not be delivered and is made again.</param>
    /// <exception cref="Exception">That of the last call.</exception>
    /// <exception cref="OperationCanceledException">The token fired between two calls.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> call, int maxCalls, TimeSpan delay, CancellationToken cancellationToken, Action<OrleansException>? onUndelivered = null)
    {
        var start = timeProvider.GetTimestamp();
        var counted = 0;
        for (var made = 1; ; made++)
        {
            try
            {
                return await (gateways?.RunAsync(call, cancellationToken) ?? call()).ConfigureAwait(false);
            }
            catch (OrleansException e) when (IsWithinLimit(start) && !cancellationToken.IsCancellationRequested)
            {
                onUndelivered?.Invoke(e);
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

    /// <summary>As the other one, for a call that brings nothing.</summary>
    public Task RunAsync(Func<Task> call, int maxCalls, TimeSpan delay, CancellationToken cancellationToken) => RunAsync(
        async () =>
        {
            await call().ConfigureAwait(false);
            return true;
        },
        maxCalls,
        delay,
        cancellationToken);

    /// <summary>Whether something that cannot be delivered is still tried, since a timestamp of the same clock.</summary>
    public bool IsWithinLimit(long start) => undeliveredLimit == Timeout.InfiniteTimeSpan || timeProvider.GetElapsedTime(start) < undeliveredLimit;
}
