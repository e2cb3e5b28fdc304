using Orleans.Concurrency;

namespace Orleans.Runtime;

/// <summary>The far end of the streams that methods of grains return. Steps interleave with all requests of the grain.</summary>
internal interface IAsyncEnumerableGrainExtension : IGrainExtension
{
    /// <summary>Calls the method and makes the first step.</summary>
    [AlwaysInterleave]
    ValueTask<EnumerationStep<T>> StartEnumeration<T>(Guid requestId, StreamCall<T> request, int maxBatchSize, CancellationToken cancellationToken);

    /// <summary>Makes the next step.</summary>
    [AlwaysInterleave]
    ValueTask<EnumerationStep<T>> MoveNext<T>(Guid requestId, CancellationToken cancellationToken);

    /// <summary>Ends an enumeration before its end. Nothing happens if it has ended.</summary>
    [AlwaysInterleave]
    ValueTask DisposeAsync(Guid requestId);
}
