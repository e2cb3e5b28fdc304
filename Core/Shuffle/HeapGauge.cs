namespace Dpark.Shuffle;

/// <summary>
/// Says when what a task holds has reached its limit, without looking at every object after every batch: memory cannot have grown by more than the thread has
/// allocated, so objects are measured only when that much could exceed the limit. Used by one thread.
/// </summary>
/// <param name="limit">Bytes.</param>
/// <param name="holdsObjects">Whether there is anything to measure beside arrays of known length.</param>
internal sealed class HeapGauge(long limit, bool holdsObjects)
{
    // Close to the limit every small allocation would cause a measurement, so a little less is as much as the limit.
    private readonly long _nearLimit = limit - (limit / 16);

    private long _measured;
    private long _allocatedBefore = GC.GetAllocatedBytesForCurrentThread();

    /// <summary>Whether the limit is reached.</summary>
    /// <param name="arrayBytes">Bytes of the arrays held.</param>
    /// <param name="measure">Measures what the arrays refer to.</param>
    public bool IsFull<TState>(long arrayBytes, TState state, Func<TState, long> measure)
    {
        if (!holdsObjects || arrayBytes > limit)
        {
            return arrayBytes > limit;
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        if (arrayBytes + _measured + (allocated - _allocatedBefore) < limit)
        {
            return false;
        }

        _measured = measure(state);
        _allocatedBefore = allocated;
        return arrayBytes + _measured >= _nearLimit;
    }

    /// <summary>Starts again with nothing held.</summary>
    public void Reset()
    {
        _measured = 0;
        _allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
    }
}
