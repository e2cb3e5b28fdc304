using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>Opens the pairs of a bucket, to make one pair per key of them.</summary>
/// <param name="pairs">Disposed with the result.</param>
/// <param name="level">How often they were spread; <see cref="SpreadReader.LastLevel"/> if they are not to be spread again.</param>
/// <param name="expectedKeys">About how many keys they have; 0 if nobody knows.</param>
internal delegate BatchReader<(TKey Key, TOut Value)> OpenBucket<TKey, TIn, TOut>(BatchReader<(TKey Key, TIn Value)> pairs, int level, int expectedKeys);

/// <summary>Knows how many keys it had.</summary>
internal interface IKeyCounter
{
    /// <summary>Keys, once they were read, as far as they were in memory to the end.</summary>
    int KeyCount { get; }
}

/// <summary>What all readers of spread pairs have in common.</summary>
internal static class SpreadReader
{
    /// <summary>Pairs of this level are not spread again: if they do not fit, they are merged by hash.</summary>
    public const int LastLevel = 5;
}

/// <summary>Reads pairs that were spread over buckets, a bucket at a time. Used by the task's thread.</summary>
/// <param name="pairs">Disposed with the reader.</param>
/// <param name="open">Opens a bucket.</param>
/// <param name="level">At which they were spread.</param>
internal sealed class SpreadReader<TKey, TIn, TOut>(SpreadPairs<TKey, TIn> pairs, OpenBucket<TKey, TIn, TOut> open, TaskContext context, int level)
    : BatchReader<(TKey Key, TOut Value)>
{
    // Less than this fits wherever more than a batch does, and where it does not, spreading it again would not help.
    private const long LeastSpreadBytes = 64 << 10;

    private readonly long _bytes = Enumerable.Range(0, SpreadPartitioner.BucketCount).Sum(pairs.BytesOf);
    private BatchReader<(TKey Key, TOut Value)>? _bucket;
    private int _next;

    // Buckets are about as large as each other.
    private int _lastCount;

    public override ReadOnlySpan<(TKey Key, TOut Value)> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        while (_bucket is not null || TryOpenNext())
        {
            var output = _bucket!.Next();
            if (!output.IsEmpty)
            {
                return output;
            }

            _lastCount = (_bucket as IKeyCounter)?.KeyCount ?? 0;
            _bucket.Dispose();
            _bucket = null;
        }

        return default;
    }

    protected override void Dispose(bool disposing)
    {
        _bucket?.Dispose();
        pairs.Dispose();
        base.Dispose(disposing);
    }

    private bool TryOpenNext()
    {
        for (; _next < SpreadPartitioner.BucketCount; _next++)
        {
            var bytes = pairs.BytesOf(_next);
            if (bytes > 0)
            {
                // What has one key stays together, however often it is spread. A range is cut into shorter ones.
                var canSpread = bytes >= LeastSpreadBytes && (bytes <= _bytes / 2 || pairs.AreInRanges);

                // Room for as many keys would be room for hashed ones, and those of a range have places in a dense table as soon as there are some.
                var expectedKeys = pairs.AreInRanges ? 0 : _lastCount;
                _bucket = open(pairs.Open(_next), canSpread ? level + 1 : SpreadReader.LastLevel, expectedKeys);
                _next++;
                return true;
            }
        }

        return false;
    }
}
