using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Pairs of a task that wait in files of its worker, by bucket. Used by the task's thread; disposing it frees the space.</summary>
public interface ISpreadPairs<TKey, TValue> : IDisposable
{
    /// <summary>Pairs in all buckets together.</summary>
    long PairCount { get; }

    /// <summary>The stored bytes of a bucket; 0 if it is empty.</summary>
    long BytesOf(int bucket);

    /// <summary>Reads a bucket, in the order in which its pairs came. May be called again for the same bucket. The reader ends before the files do.</summary>
    BatchReader<(TKey Key, TValue Value)> Open(int bucket);
}
