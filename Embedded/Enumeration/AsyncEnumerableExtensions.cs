namespace Orleans.Runtime;

/// <summary>Settings of streams that methods of grains return.</summary>
public static class AsyncEnumerableExtensions
{
    /// <summary>Limits how many elements travel in one message. Call it on what the method of the grain returned; other streams are given back as they are.</summary>
    public static IAsyncEnumerable<T> WithBatchSize<T>(this IAsyncEnumerable<T> self, int maxBatchSize)
    {
        if (self is RemoteEnumerable<T> remote)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBatchSize);
            remote.MaxBatchSize = maxBatchSize;
        }

        return self;
    }
}
