using Microsoft.Extensions.DependencyInjection;

namespace Dpark.Driver;

/// <summary>Knows when the client loses a gateway, and makes calls again that may have been lost with it. A service of the client. Thread-safe.</summary>
/// <remarks>
/// A client is not told which calls were under way through a gateway that has died; each of them would wait for its timeout. So every call that was made before the loss and has no answer
/// is made once more, at once, which takes it through another gateway, and the first answer counts. Calls go through it that do no harm when they are made twice. Where calls are made by a
/// silo's own code there is no gateway, and they end when the membership declares a death.
/// </remarks>
internal sealed class GatewayWatch(TimeProvider? timeProvider = null) : IClusterConnectionStatusObserver
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _timeProvider = timeProvider ?? TimeProvider.System;
    private volatile TaskCompletionSource _lost = New();

    /// <summary>The watch of a client; one that sees nothing if the client was built without one.</summary>
    public static GatewayWatch Of(IClusterClient client) =>
        client.ServiceProvider.GetServices<IClusterConnectionStatusObserver>().OfType<GatewayWatch>().FirstOrDefault() ?? new GatewayWatch();

    /// <inheritdoc/>
    public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered)
    {
        if (currentNumberOfGateways < previousNumberOfGateways)
        {
            Interlocked.Exchange(ref _lost, New()).TrySetResult();
        }
    }

    /// <inheritdoc/>
    public void NotifyClusterConnectionLost()
    {
        // The count has changed to 0, which was told, too.
    }

    /// <summary>Makes a call, and makes it again when a gateway is lost while it has no answer.</summary>
    /// <param name="call">Harmless when it is made twice.</param>
    /// <returns>The first result that comes.</returns>
    /// <exception cref="Exception">That of the last call to end, if none brought a result.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        var lost = _lost.Task;
        var first = call();
        if (!first.IsCompleted)
        {
            await Task.WhenAny(first, lost).ConfigureAwait(false);
        }

        return first.IsCompleted ? await first.ConfigureAwait(false) : await RepeatAsync(first, call, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As the other one, for a call that brings nothing.</summary>
    public Task RunAsync(Func<Task> call, CancellationToken cancellationToken) => RunAsync(
        async () =>
        {
            await call().ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task<T> StartAsync<T>(Func<Task<T>> call) => await call().ConfigureAwait(false);

    private static void Leave<T>(Task<T> call) => _ = call.ContinueWith(
        static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task<T> RepeatAsync<T>(Task<T> first, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        // What was made before a gateway was lost may wait for what is gone, until its timeout.
        List<Task<T>> stale = [first];
        List<Task<T>> fresh = [];
        Leave(first);
        while (true)
        {
            var lost = _lost.Task;
            var again = StartAsync(call);
            Leave(again);
            fresh.Add(again);
            bool mustRepeat;
            do
            {
                var ended = await Task.WhenAny([.. stale, .. fresh, lost]).ConfigureAwait(false);
                if (ended == lost)
                {
                    stale.AddRange(fresh);
                    fresh.Clear();
                    break;
                }

                // Of two that have ended, the older one first: while it seemed to wait, the failure of the other would have the call made once more.
                var answer = stale.Find(static task => task.IsCompleted) ?? (Task<T>)ended;
                var wasFresh = fresh.Remove(answer) || !stale.Remove(answer);
                if (answer.IsCompletedSuccessfully || stale.Count + fresh.Count == 0)
                {
                    return await answer.ConfigureAwait(false);
                }

                mustRepeat = wasFresh && fresh.Count == 0;
                if (mustRepeat)
                {
                    // A client may need a moment to find out which gateways are there.
                    await Task.Delay(RetryDelay, _timeProvider, cancellationToken).ConfigureAwait(false);
                }
            }
            while (!mustRepeat);
        }
    }
}
