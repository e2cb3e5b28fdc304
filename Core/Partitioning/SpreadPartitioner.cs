using System.Numerics;

namespace Dpark.Partitioning;

/// <summary>
/// Spreads the keys of one partition over buckets, whatever put them into the partition: its hash has nothing in common with that of <see cref="HashPartitioner"/>, or
/// with itself at another level. Does not leave its task.
/// </summary>
/// <param name="level">How often the keys were spread before; from 0.</param>
internal sealed class SpreadPartitioner(int level) : Partitioner
{
    /// <summary>Buckets of each level.</summary>
    public const int BucketCount = 1 << BucketBits;

    private const int BucketBits = 4;

    // Odd, so that no level undoes what the hash has; the bits that it moves up differ from level to level.
    private readonly ulong _multiplier = BitOperations.RotateLeft(0x9E37_79B9_7F4A_7C15, 7 * level) | 1;

    public override int PartitionCount => BucketCount;

    public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions) =>
        HashBuckets.Of(keys, partitions, new Multiplied(_multiplier));

    public override bool Equals(Partitioner? other) => other is SpreadPartitioner spread && spread._multiplier == _multiplier;

    public override int GetHashCode() => _multiplier.GetHashCode();

    // Both halves of a hash must count: those of one partition have the upper bits of the upper half in common.
    private readonly struct Multiplied(ulong multiplier) : IHashBuckets
    {
        public int BucketOf(ulong hash) => (int)(((hash ^ (hash >> 32)) * multiplier) >> (64 - BucketBits));
    }
}
