namespace Dpark.Caching;

/// <summary>Where computed partitions are kept. The numbers travel; they never change.</summary>
public enum StorageLevel
{
    /// <summary>Nowhere: computed again by each job.</summary>
    None = 0,

    /// <summary>As objects in the worker's memory. What does not fit is computed again.</summary>
    Memory = 1,

    /// <summary>Encoded, in the worker's memory: often a fraction of what the objects take, but decoded by each reader. What does not fit is computed again.</summary>
    Serialized = 2,

    /// <summary>In the worker's work directories.</summary>
    Disk = 3,

    /// <summary>As <see cref="Memory"/>; what does not fit, or no longer, goes to the work directories.</summary>
    MemoryAndDisk = 4,

    /// <summary>As <see cref="Serialized"/>; what does not fit, or no longer, goes to the work directories.</summary>
    SerializedAndDisk = 5,

    /// <summary>As <see cref="Memory"/>, with a copy in the memory of another worker, which holds it encoded.</summary>
    MemoryTwice = 9,

    /// <summary>As <see cref="Serialized"/>, with a copy in the memory of another worker.</summary>
    SerializedTwice = 10,

    /// <summary>As <see cref="Disk"/>, with a copy in the work directories of another worker.</summary>
    DiskTwice = 11,

    /// <summary>As <see cref="MemoryAndDisk"/>, with a copy on another worker, which holds it encoded.</summary>
    MemoryAndDiskTwice = 12,

    /// <summary>As <see cref="SerializedAndDisk"/>, with a copy on another worker.</summary>
    SerializedAndDiskTwice = 13,
}
