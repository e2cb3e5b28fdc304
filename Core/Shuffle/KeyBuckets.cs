using Dpark.Partitioning;

namespace Dpark.Shuffle;

/// <summary>
/// Which of all keys from one to another are in which bucket of a <see cref="HashPartitioner"/>. That takes longer than anything else about writing a dense table, and is the
/// same for every map task of a stage and for every turn of a loop: so the answer that was asked for last is kept, in at most <see cref="MaxBytes"/> for each type of keys.
/// Immutable, so thread-safe.
/// </summary>
internal sealed class KeyBuckets<TKey>
{
    private const int BitsPerWord = 64;
    private const long MaxBytes = 1 << 20;

    // For so many keys there are it pays to ask for all those between them, too, also if nobody asks again.
    private const int LeastShare = 2;

    private static volatile KeyBuckets<TKey>? _last;

    private readonly ulong[] _marked;
    private readonly int _bucketCount;
    private readonly int _wordCount;
    private readonly long _first;

    private KeyBuckets(HashPartitioner partitioner, long first, int wordCount)
    {
        _bucketCount = partitioner.PartitionCount;
        _first = first;
        _wordCount = wordCount;
        _marked = new ulong[_bucketCount * wordCount];
        var all = new ulong[wordCount];
        Array.Fill(all, ulong.MaxValue);
        new BucketMarks<TKey>(partitioner, _marked, wordCount).Mark(all, first);
    }

    /// <summary>Says where keys in a row are, if it is known or worth to be known.</summary>
    /// <param name="first">The first key, see <see cref="DenseTable{TKey, TValue}.OrderOf"/>.</param>
    /// <param name="wordCount">64 keys each.</param>
    /// <param name="usedCount">How many of them there are.</param>
    public static KeyBuckets<TKey>? TryGet(Partitioner partitioner, long first, int wordCount, int usedCount)
    {
        if (partitioner is not HashPartitioner hash || (long)usedCount * LeastShare < (long)wordCount * BitsPerWord ||
            (long)wordCount * sizeof(ulong) * hash.PartitionCount > MaxBytes)
        {
            return null;
        }

        if (_last is not { } known || !known.Has(hash.PartitionCount, first, wordCount))
        {
            known = new KeyBuckets<TKey>(hash, first, wordCount);
            _last = known;
        }

        return known;
    }

    /// <summary>Marks which keys of a bucket there are.</summary>
    /// <param name="first">The first key, one that was asked for.</param>
    /// <param name="keys">A bit for each key that there is.</param>
    /// <param name="marked">As long.</param>
    public void Mark(int bucket, long first, ReadOnlySpan<ulong> keys, Span<ulong> marked)
    {
        var ofBucket = _marked.AsSpan((bucket * _wordCount) + (int)((first - _first) / BitsPerWord), keys.Length);
        marked = marked[..keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            marked[i] = keys[i] & ofBucket[i];
        }
    }

    /// <summary>Whether it says where some keys are.</summary>
    /// <param name="first">The first key.</param>
    /// <param name="wordCount">64 keys each.</param>
    public bool Has(int bucketCount, long first, int wordCount)
    {
        // Without a sign, because keys can be farther apart than a number with one says.
        var offset = (ulong)(first - _first);
        return bucketCount == _bucketCount && first >= _first && offset % BitsPerWord == 0 && (offset / BitsPerWord) + (ulong)wordCount <= (ulong)_wordCount;
    }
}
