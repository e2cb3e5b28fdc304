using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Partitioning;

/// <summary>For keys that say where they belong: the upper 32 bits of a key are its partition. The lower ones are free for the operator that makes the keys.</summary>
internal sealed class BucketPartitioner(int partitionCount) : Partitioner
{
    public override int PartitionCount => partitionCount;

    /// <summary>A key for a partition.</summary>
    public static long KeyOf(int partition, int tag) => ((long)partition << 32) | (uint)tag;

    /// <summary>What was given as tag.</summary>
    public static int TagOf(long key) => (int)key;

    public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions)
    {
        if (typeof(TKey) != typeof(long))
        {
            throw new ArgumentException($"Buckets are named by Int64 keys, not by {typeof(TKey)}.", nameof(keys));
        }

        var buckets = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<TKey, long>(ref MemoryMarshal.GetReference(keys)), keys.Length);
        for (var i = 0; i < buckets.Length; i++)
        {
            partitions[i] = (int)(buckets[i] >> 32);
        }
    }

    // Two sorts have different ranges behind the same numbers.
    public override bool Equals(Partitioner? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => partitionCount;
}
