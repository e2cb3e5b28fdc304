using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>Combines pairs that were spread over buckets, a bucket at a time. Used by the task's thread.</summary>
/// <param name="pairs">Disposed with the reader.</param>
/// <param name="level">At which they were spread.</param>
internal sealed class SpreadCombiningReader<TKey, TValue>(SpreadPairs<TKey, TValue> pairs, CombiningPlan<TKey, TValue> plan, TaskContext context, int level)
    : BatchReader<(TKey Key, TValue Value)>
{
    private readonly long _bytes = Enumerable.Range(0, SpreadPartitioner.BucketCount).Sum(pairs.BytesOf);
    private BatchReader<(TKey Key, TValue Value)>? _bucket;
    private int _next;

    // Buckets are about as large as each other.
    private int _lastCount;

    public override ReadOnlySpan<(TKey Key, TValue Value)> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        while (_bucket is not null || TryOpenNext())
        {
            var output = _bucket!.Next();
            if (!output.IsEmpty)
            {
                return output;
            }

            _lastCount = _bucket is CombiningReader<TKey, TValue, TValue> { KeyCount: var count } ? count : 0;
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
                // What has one key stays together, however often it is spread.
                _bucket = plan.Open(pairs.Open(_next), bytes <= _bytes / 2 ? level + 1 : CombiningPlan<TKey, TValue>.LastLevel, _lastCount);
                _next++;
                return true;
            }
        }

        return false;
    }
}
