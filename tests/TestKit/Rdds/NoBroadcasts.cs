using Dpark.Applications;
using Dpark.Broadcasting;

namespace Dpark.TestKit.Rdds;

/// <summary>Has no broadcast values.</summary>
public sealed class NoBroadcasts : IBroadcastSource
{
    /// <inheritdoc/>
    public object GetOrFetch(AppId application, BroadcastId broadcast, Func<ReadOnlyMemory<byte>, object> decode, CancellationToken cancellationToken) =>
        throw new IOException($"{broadcast} of {application} was asked for in a test without broadcasts.");
}
