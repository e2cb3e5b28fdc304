namespace Dpark.Caching;

/// <summary>What a <see cref="StorageLevel"/> means.</summary>
internal static class StorageLevels
{
    /// <summary>The bit of the levels with a copy.</summary>
    public const StorageLevel Twice = (StorageLevel)8;

    /// <summary>The level without copies.</summary>
    public static StorageLevel Single(this StorageLevel level) => level & ~Twice;

    /// <summary>Whether another worker shall have a copy.</summary>
    public static bool HasCopy(this StorageLevel level) => (level & Twice) != 0;

    /// <summary>Whether partitions are held in memory, as long as they fit.</summary>
    public static bool UsesMemory(this StorageLevel level) => level.Single() is not (StorageLevel.None or StorageLevel.Disk);

    /// <summary>Whether what memory does not hold is written to the work directories.</summary>
    public static bool UsesDisk(this StorageLevel level) => level.Single() is StorageLevel.Disk or StorageLevel.MemoryAndDisk or StorageLevel.SerializedAndDisk;

    /// <summary>Whether memory holds bytes instead of objects.</summary>
    public static bool IsSerialized(this StorageLevel level) => level.Single() is StorageLevel.Serialized or StorageLevel.SerializedAndDisk;

    /// <summary>Whether elements must be encoded to be kept as the level says.</summary>
    public static bool NeedsCodec(this StorageLevel level) => level is not (StorageLevel.None or StorageLevel.Memory);
}
