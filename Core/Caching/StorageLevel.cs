namespace Dpark.Caching;

/// <summary>Where computed partitions are kept. The numbers travel; they never change.</summary>
public enum StorageLevel
{
    /// <summary>Nowhere: computed again by each job.</summary>
    None = 0,

    /// <summary>As objects in the worker's memory.</summary>
    Memory = 1,
}
