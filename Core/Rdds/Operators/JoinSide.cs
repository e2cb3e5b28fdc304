using Dpark.Shuffle;

namespace Dpark.Rdds.Operators;

/// <summary>One side of a join of one partition, as a task reads it.</summary>
/// <param name="Open">Opens its pairs.</param>
/// <param name="Measure">
/// About how many pairs there are and their stored bytes. <see langword="null"/> for pairs that are computed while they are read: nobody knows how many there are, and
/// they are read once, because they may be others the next time.
/// </param>
internal sealed record JoinSide<TKey, TValue>(Func<BatchReader<(TKey Key, TValue Value)>> Open, Func<(long PairCount, long Bytes)>? Measure)
{
    /// <summary>Whether <see cref="Open"/> gives the same pairs each time.</summary>
    public bool CanReadAgain => Measure is not null;

    /// <summary>A bucket of pairs that were spread.</summary>
    public static JoinSide<TKey, TValue> Of(ISpreadPairs<TKey, TValue> pairs, int bucket, long totalBytes)
    {
        var bytes = pairs.BytesOf(bucket);
        return new(() => pairs.Open(bucket), () => (totalBytes == 0 ? 0 : (long)((double)pairs.PairCount * bytes / totalBytes), bytes));
    }
}
