using Dpark.Caching;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <inheritdoc/>
/// <param name="files">All with the same buckets, the oldest first; closed with it.</param>
internal sealed class SpreadPairs<TKey, TValue>(IReadOnlyList<SpillFile> files, long pairCount) : ISpreadPairs<TKey, TValue>
{
    public long PairCount => pairCount;

    public long BytesOf(int bucket)
    {
        var bytes = 0L;
        foreach (var file in files)
        {
            bytes += file.BytesOf(bucket);
        }

        return bytes;
    }

    public BatchReader<(TKey Key, TValue Value)> Open(int bucket)
    {
        var readers = new List<BatchReader<(TKey Key, TValue Value)>>(files.Count);
        foreach (var file in files)
        {
            if (file.BytesOf(bucket) > 0)
            {
                readers.Add(new BucketReader<(TKey Key, TValue Value)>(file.Open(bucket)));
            }
        }

        return new ChainedReader<(TKey Key, TValue Value)>(readers);
    }

    public void Dispose()
    {
        foreach (var file in files)
        {
            file.Dispose();
        }
    }
}
