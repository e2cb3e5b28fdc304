using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <inheritdoc/>
/// <param name="files">All with the same buckets, the oldest first; closed with it.</param>
/// <param name="areInRanges">Whether the keys of a bucket are integers that lie close together.</param>
internal sealed class SpreadPairs<TKey, TValue>(IReadOnlyList<SpillFile> files, long pairCount, bool areInRanges) : ISpreadPairs<TKey, TValue>
{
    /// <summary>Whether the keys of a bucket are integers that lie close together.</summary>
    public bool AreInRanges => areInRanges;

    public long PairCount => pairCount;

    public long BytesOf(int bucket) => SpilledBucketSource.LengthOf(files, bucket);

    public BatchReader<(TKey Key, TValue Value)> Open(int bucket) => new BucketReader<(TKey Key, TValue Value)>(new SpilledBucketSource(files, bucket));

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }
}
