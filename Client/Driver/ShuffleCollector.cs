namespace Dpark.Driver;

/// <summary>
/// Asks the runtime for young garbage when much was shuffled: an RDD is a few hundred bytes to the collector, which may not come by for minutes, and gigabytes of map outputs
/// to the workers, which keep them until the driver's last RDD that could read them was collected (<see cref="ShuffleLifetime"/>). Meanwhile outputs of dead RDDs push those of the
/// running job out of memory. Thread-safe.
/// </summary>
/// <param name="leastBytes">Bytes of map outputs between two collections, at least; 0: never.</param>
internal sealed class ShuffleCollector(long leastBytes)
{
    // What a job made lives no longer than the next one, mostly, and then it is in the first two generations, which take a few milliseconds. The last one takes as long as the program's data is large.
    private const int Generation = 1;

    // Where collections find nothing, each waits for twice as many bytes as the one before.
    private const int MostDoublings = 10;

    private readonly Lock _lock = new();
    private long _collectedAt;
    private volatile int _doublings;

    /// <summary>Notes that a shuffle cannot be read any more. Called by the finalizer.</summary>
    public void Forgot() => _doublings = 0;

    /// <summary>Collects if it is worth it. Called before a job, when the RDDs of the one before are mostly garbage.</summary>
    /// <param name="shuffledBytes">Bytes of map outputs written so far, by all jobs.</param>
    /// <returns>Whether it collected.</returns>
    public bool TryCollect(long shuffledBytes)
    {
        lock (_lock)
        {
            if (leastBytes == 0 || (shuffledBytes - _collectedAt) >> _doublings < leastBytes)
            {
                return false;
            }

            _collectedAt = shuffledBytes;
            _doublings = Math.Min(_doublings + 1, MostDoublings);
        }

        GC.Collect(Generation, GCCollectionMode.Forced, blocking: true);
        return true;
    }
}
