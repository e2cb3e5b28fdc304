namespace Dpark.Caching;

/// <summary>What a <see cref="StorageLevel"/> means.</summary>
internal static class StorageLevels
{
    /// <summary>Whether partitions are held in memory, as long as they fit.</summary>
    public static bool UsesMemory(this StorageLevel level) => level is not (StorageLevel.None or StorageLevel.Disk);

    /// <summary>Whether what memory does not hold is written to the work directories.</summary>
    public static bool UsesDisk(this StorageLevel level) => level is StorageLevel.Disk or StorageLevel.MemoryAndDisk or StorageLevel.SerializedAndDisk;

    /// <summary>Whether memory holds bytes instead of objects.</summary>
    public static bool IsSerialized(this StorageLevel level) => level is StorageLevel.Serialized or StorageLevel.SerializedAndDisk;

    /// <summary>Whether elements are ever encoded.</summary>
    public static bool NeedsCodec(this StorageLevel level) => level is not (StorageLevel.None or StorageLevel.Memory);
}
