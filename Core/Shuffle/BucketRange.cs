namespace Dpark.Shuffle;

/// <summary>Neighbouring buckets of a shuffle that are read as one.</summary>
/// <param name="First">The first bucket, from 0.</param>
/// <param name="Count">How many; at least 1.</param>
public readonly record struct BucketRange(int First, int Count)
{
    /// <summary>One bucket.</summary>
    public static implicit operator BucketRange(int bucket) => FromInt32(bucket);

    /// <summary>One bucket.</summary>
    public static BucketRange FromInt32(int bucket) => new(bucket, 1);

    /// <summary>For messages, such as <c>bucket 3</c> or <c>buckets 3 to 7</c>.</summary>
    public override string ToString() => Count == 1 ? $"bucket {First}" : $"buckets {First} to {First + Count - 1}";
}
