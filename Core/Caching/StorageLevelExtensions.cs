namespace Dpark.Caching;

/// <summary>Makes levels of levels.</summary>
public static class StorageLevelExtensions
{
    /// <summary>The level with another number of workers that hold each partition.</summary>
    /// <param name="replicas">1, or 2: a worker that is lost then costs no computation. A cluster of one worker keeps one, and says so.</param>
    /// <example><code>var ranks = links.Persist(StorageLevel.MemoryAndDisk.WithReplicas(2));</code></example>
    /// <exception cref="ArgumentOutOfRangeException">The level is unknown, or keeps nothing, or <paramref name="replicas"/> is another number.</exception>
    public static StorageLevel WithReplicas(this StorageLevel level, int replicas)
    {
        if (!Enum.IsDefined(level) || level == StorageLevel.None)
        {
            throw new ArgumentOutOfRangeException(nameof(level), level, $"{level} keeps nothing, so there is nothing to copy. Name a level that keeps partitions.");
        }

        return replicas switch
        {
            1 => level.Single(),
            2 => level.Single() | StorageLevels.Twice,
            _ => throw new ArgumentOutOfRangeException(nameof(replicas), replicas, "A partition is held by 1 or 2 workers. Save what must survive more in a checkpoint."),
        };
    }
}
