using Dpark.Memory;

namespace Dpark.Shuffle;

/// <summary>
/// Says when what a task holds has reached what it may hold, without looking at every object after every batch: memory cannot have grown by more than the thread has
/// allocated, so objects are measured only when that much could exceed it. Used by one thread.
/// </summary>
/// <param name="memory">Not owned.</param>
/// <param name="holdsObjects">Whether there is anything to measure beside arrays of known length.</param>
internal sealed class HeapGauge(MemoryClaim memory, bool holdsObjects)
{
    // Close to the limit every small allocation would cause a measurement, so a little less than the limit is as much as the limit.
    private const int NearShare = 16;

    private long _measured;
    private long _allocatedBefore = GC.GetAllocatedBytesForCurrentThread();

    /// <summary>Whether the limit is reached, or others need the memory.</summary>
    /// <param name="arrayBytes">Bytes of the arrays held.</param>
    /// <param name="measure">Measures what the arrays refer to.</param>
    public bool IsFull<TState>(long arrayBytes, TState state, Func<TState, long> measure)
    {
        if (!holdsObjects)
        {
            return !memory.TryHold(arrayBytes);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        if (arrayBytes + _measured + (allocated - _allocatedBefore) <= memory.HeldBytes)
        {
            return memory.MustGiveBack;
        }

        _measured = measure(state);
        _allocatedBefore = allocated;

        // As much again as there is, so that all measurements together look at each object about twice.
        var bytes = arrayBytes + _measured;
        return !memory.TryHold(bytes + (bytes / NearShare), 2 * bytes);
    }

    /// <summary>Starts again with nothing held.</summary>
    public void Reset()
    {
        _measured = 0;
        _allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
    }
}
