using System.Runtime.CompilerServices;

namespace Dpark.Partitioning;

/// <summary>Which bucket a stable hash belongs to. A struct, so that the loop over keys is compiled for it.</summary>
internal interface IHashBuckets
{
    /// <summary>The bucket, from 0.</summary>
    int BucketOf(ulong hash);
}

/// <summary>Finds buckets by the stable hashes of keys.</summary>
internal static class HashBuckets
{
    private const int ChunkLength = 256;

    /// <summary>Finds the bucket of each key.</summary>
    /// <param name="partitions">At least as long as <paramref name="keys"/>.</param>
    [SkipLocalsInit]
    public static void Of<TKey, TBuckets>(ReadOnlySpan<TKey> keys, Span<int> partitions, TBuckets buckets)
        where TBuckets : struct, IHashBuckets
    {
        Span<ulong> hashes = stackalloc ulong[ChunkLength];
        var hasher = StableHasher<TKey>.Default;
        for (var start = 0; start < keys.Length; start += ChunkLength)
        {
            var chunk = keys[start..Math.Min(start + ChunkLength, keys.Length)];
            hasher.Hash(chunk, hashes);
            Of(hashes[..chunk.Length], partitions.Slice(start, chunk.Length), buckets);
        }
    }

    private static void Of<TBuckets>(ReadOnlySpan<ulong> hashes, Span<int> partitions, TBuckets buckets)
        where TBuckets : struct, IHashBuckets
    {
        partitions = partitions[..hashes.Length];
        for (var i = 0; i < hashes.Length; i++)
        {
            partitions[i] = buckets.BucketOf(hashes[i]);
        }
    }
}
