using Dpark.Partitioning;

namespace Dpark.Shuffle;

/// <summary>Which of keys in a row are in which bucket, as the partitioner says it key by key.</summary>
public sealed class KeyBucketsTests
{
    private const int WordCount = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(9)]
    public void Mark_AnyNumberOfBuckets_MarksTheKeysThatThereAre(int bucketCount)
    {
        var partitioner = new HashPartitioner(bucketCount);
        const long First = -640;
        var keys = SomeKeys();

        var known = KeyBuckets<long>.TryGet(partitioner, First, WordCount, WordCount * 64)!;

        AssertMarks(partitioner, known, First, keys);
    }

    [Fact]
    public void Mark_KeysOf32Bits_AreTheirOwn()
    {
        var partitioner = new HashPartitioner(3);
        var known = KeyBuckets<int>.TryGet(partitioner, -1_280, WordCount, WordCount * 64)!;
        var marked = new ulong[WordCount];
        var partitions = new int[WordCount * 64];
        partitioner.PartitionsOf<int>([.. Enumerable.Range(-1_280, partitions.Length)], partitions);

        known.Mark(1, -1_280, AllKeys(), marked);

        Assert.Equal(partitions.Select(partition => partition == 1), Bits(marked));
    }

    [Theory]
    [InlineData(2, 0, WordCount, true)]
    [InlineData(2, 3 * 64, WordCount - 3, true)]
    [InlineData(2, 3 * 64, WordCount - 2, false)]
    [InlineData(2, 64, WordCount, false)]
    [InlineData(2, -64, WordCount, false)]
    [InlineData(2, 1, WordCount - 2, false)]
    [InlineData(3, 0, WordCount, false)]
    public void Has_OtherKeysOrBuckets_SaysWhetherAllAreAmongThem(int bucketCount, int offset, int wordCount, bool expected)
    {
        const long First = 1L << 40;
        var known = KeyBuckets<long>.TryGet(new HashPartitioner(2), First, WordCount, WordCount * 64)!;

        Assert.Equal(expected, known.Has(bucketCount, First + offset, wordCount));
    }

    [Fact]
    public void Has_FartherAwayThanAllPositiveNumbers_SaysNo()
    {
        var known = KeyBuckets<long>.TryGet(new HashPartitioner(2), long.MinValue, WordCount, WordCount * 64)!;

        Assert.False(known.Has(2, long.MaxValue - (WordCount * 64) + 1, WordCount));
        AssertMarks(new HashPartitioner(2), known, long.MinValue + 64, SomeKeys()[..(WordCount - 1)]);
    }

    [Fact]
    public void TryGet_InTurn_AreTheirOwn()
    {
        const long First = 1L << 41;
        foreach (var (bucketCount, offset) in new[] { (2, 0L), (3, 0L), (2, 0L), (2, 6_400L), (2, 1L), (2, 0L) })
        {
            var known = KeyBuckets<long>.TryGet(new HashPartitioner(bucketCount), First + offset, WordCount, WordCount * 64)!;
            AssertMarks(new HashPartitioner(bucketCount), known, First + offset, SomeKeys());
        }
    }

    [Fact]
    public void TryGet_NotWorthIt_IsNothing()
    {
        const long First = 1L << 42;

        Assert.Null(KeyBuckets<long>.TryGet(OneBucketPartitioner.Instance, First, WordCount, WordCount * 64));
        Assert.Null(KeyBuckets<long>.TryGet(new HashPartitioner(2), First, WordCount, (WordCount * 32) - 1));
        Assert.Null(KeyBuckets<long>.TryGet(new HashPartitioner(2), First, (1 << 16) + 1, int.MaxValue));
        Assert.NotNull(KeyBuckets<long>.TryGet(new HashPartitioner(2), First, WordCount, WordCount * 32));
    }

    private static void AssertMarks(Partitioner partitioner, KeyBuckets<long> known, long first, ulong[] keys)
    {
        var partitions = new int[keys.Length * 64];
        partitioner.PartitionsOf<long>([.. Enumerable.Range(0, partitions.Length).Select(i => first + i)], partitions);
        for (var bucket = 0; bucket < partitioner.PartitionCount; bucket++)
        {
            var marked = new ulong[keys.Length];
            known.Mark(bucket, first, keys, marked);
            Assert.Equal(Bits(keys).Zip(partitions, (isThere, partition) => isThere && partition == bucket), Bits(marked));
        }
    }

    private static IEnumerable<bool> Bits(ulong[] words) => words.SelectMany(word => Enumerable.Range(0, 64).Select(bit => ((word >> bit) & 1) != 0));

    private static ulong[] AllKeys() => [.. Enumerable.Repeat(ulong.MaxValue, WordCount)];

    private static ulong[] SomeKeys()
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, WordCount).Select(i => i % 3 == 0 ? ulong.MaxValue : (ulong)random.NextInt64() * 2)];
    }
}
