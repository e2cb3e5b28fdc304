using Dpark.Applications;

namespace Dpark.Broadcasting;

/// <summary>Gives tasks the broadcast values of their application, each fetched and decoded once per worker. Thread-safe.</summary>
public interface IBroadcastSource
{
    /// <summary>The value; all tasks of the worker share it, so it must not be changed. Blocks the task's thread until it is there.</summary>
    /// <param name="decode">Makes the value from the bytes that the driver sent; called once per worker.</param>
    /// <exception cref="Tasks.MissingInputException">Nobody could deliver it. The driver publishes it again and the task runs again.</exception>
    object GetOrFetch(AppId application, BroadcastId broadcast, Func<ReadOnlyMemory<byte>, object> decode, CancellationToken cancellationToken);
}
