using Orleans.Runtime;

namespace Dpark.Workers;

/// <summary>Calls of grains from the executor's own threads, which may block. Never used in a grain's turn or on the thread pool.</summary>
internal static class GrainCalls
{
    private const int MaxAttempts = 3;

    /// <summary>Waits for a call. One that the runtime could not deliver is tried again, at once: it goes to another silo then.</summary>
    /// <param name="call">Harmless when it is made twice.</param>
    public static T Wait<T>(Func<Task<T>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return call().GetAwaiter().GetResult();
            }
            catch (Exception e) when (attempt < MaxAttempts && IsUndelivered(e))
            {
                // Its silo died or left just now.
            }
        }
    }

    /// <summary>Whether a call failed on its way, so that it may or may not have been carried out.</summary>
    public static bool IsUndelivered(Exception exception) => exception is OrleansException or TimeoutException;
}
