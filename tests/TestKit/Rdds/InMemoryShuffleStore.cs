using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Sorting;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.TestKit.Rdds;

/// <summary>
/// Shuffles of one process, as lists. It promises no more than <see cref="IShuffleStore"/>: map outputs are read last one first, in batches that alternate
/// between them, and groups come in no particular order.
/// </summary>
public sealed class InMemoryShuffleStore : IShuffleStore
{
    private const int BatchLength = 3;

    private readonly Dictionary<ShuffleId, SortedDictionary<int, object>> _outputs = [];

    /// <inheritdoc/>
    public MapOutput WriteMapOutput<TKey, TValue, TCombined>(
        ShuffleId shuffle,
        int mapIndex,
        BatchReader<(TKey Key, TValue Value)> input,
        Partitioner partitioner,
        Aggregator<TValue, TCombined>? aggregator,
        TaskContext context)
        where TKey : notnull
    {
        var buckets = new List<(TKey Key, TCombined Value)>[partitioner.PartitionCount];
        for (var bucket = 0; bucket < buckets.Length; bucket++)
        {
            buckets[bucket] = [];
        }

        var places = new Dictionary<ValueTuple<TKey>, int>();
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            batch = BorrowedBytes<(TKey Key, TValue Value)>.KeepBatch(batch);
            var keys = new TKey[batch.Length];
            for (var i = 0; i < batch.Length; i++)
            {
                keys[i] = batch[i].Key;
            }

            var partitions = new int[batch.Length];
            partitioner.PartitionsOf(new ReadOnlySpan<TKey>(keys), partitions);
            for (var i = 0; i < batch.Length; i++)
            {
                Add(buckets[partitions[i]], places, batch[i].Key, batch[i].Value, aggregator);
            }
        }

        if (!_outputs.TryGetValue(shuffle, out var outputs))
        {
            _outputs[shuffle] = outputs = [];
        }

        outputs[mapIndex] = buckets;
        return new MapOutput(
            mapIndex, context.Worker, context.Attempt.Attempt, [.. buckets.Select(bucket => (long)bucket.Count)], buckets.Sum(bucket => (long)bucket.Count));
    }

    /// <inheritdoc/>
    /// <remarks>A record counts as 100 bytes.</remarks>
    public long[] BucketBytes(ShuffleId shuffle, TaskContext context) =>
        [.. OutputsOf(shuffle).Values.Select(output => ((Array)output).Cast<System.Collections.ICollection>().Select(bucket => 100L * bucket.Count))
            .Aggregate((IEnumerable<long>?)null, (sums, sizes) => sums?.Zip(sizes, (left, right) => left + right) ?? sizes) ?? []];

    /// <inheritdoc/>
    /// <remarks>As <see cref="BucketBytes"/>.</remarks>
    public long[] MapBytes(ShuffleId shuffle, BucketRange buckets, TaskContext context) =>
        [.. OutputsOf(shuffle).Values.Select(output => ((Array)output).Cast<System.Collections.ICollection>().Skip(buckets.First).Take(buckets.Count).Sum(bucket => 100L * bucket.Count))];

    /// <inheritdoc/>
    /// <remarks>As <see cref="BucketBytes"/>.</remarks>
    public (long PairCount, long Bytes) Measure(ShuffleId shuffle, BucketRange buckets, MapRange maps, TaskContext context)
    {
        var bytes = OutputsOf(shuffle).Where(output => maps.Contains(output.Key))
            .Sum(output => ((Array)output.Value).Cast<System.Collections.ICollection>().Skip(buckets.First).Take(buckets.Count).Sum(bucket => 100L * bucket.Count));
        return (bytes / 100, bytes);
    }

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> ReadBucket<TKey, TCombined>(ShuffleId shuffle, BucketRange buckets, TaskContext context)
        where TKey : notnull => ReadBucket<TKey, TCombined>(shuffle, buckets, MapRange.All, context);

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> ReadBucket<TKey, TCombined>(ShuffleId shuffle, BucketRange buckets, MapRange maps, TaskContext context)
        where TKey : notnull
    {
        var runs = OutputsOf(shuffle).Where(output => maps.Contains(output.Key)).Select(output => output.Value).Reverse()
            .Select(output => new Queue<(TKey Key, TCombined Value)[]>(((List<(TKey Key, TCombined Value)>[])output).Skip(buckets.First).Take(buckets.Count).SelectMany(bucket => bucket).Chunk(BatchLength)))
            .ToArray();
        var batches = new List<(TKey Key, TCombined Value)[]>();
        while (runs.Any(run => run.Count > 0))
        {
            batches.AddRange(runs.Where(run => run.Count > 0).Select(run => run.Dequeue()));
        }

        return new BatchListReader<(TKey Key, TCombined Value)>(batches);
    }

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> ReadCombined<TKey, TCombined>(
        ShuffleId shuffle, BucketRange buckets, Func<TCombined, TCombined, TCombined> merge, TaskContext context)
        where TKey : notnull =>
        new DeferredReader<(TKey Key, TCombined Value)>(() => BatchListReader<(TKey Key, TCombined Value)>.Of(
            Groups<TKey, TCombined>(shuffle, buckets, context).Select(group => (group.Key, group.Values.Aggregate(merge)))));

    /// <inheritdoc/>
    public BatchReader<T> ReadSorted<T, TKey>(
        ShuffleId shuffle, BucketRange buckets, Func<T, TKey> keySelector, IComparer<TKey>? comparer, bool isDescending, TaskContext context) =>
        new SortingReader<T, TKey>(
            _ => ReadBucket<long, T>(shuffle, buckets, context),
            measure: null,
            new SortOrder<T, TKey>(keySelector, comparer, isDescending),
            spill: null,
            new ShuffleOptions(),
            context);

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TValue[] Values)> ReadGrouped<TKey, TValue>(ShuffleId shuffle, BucketRange buckets, TaskContext context)
        where TKey : notnull => BatchListReader<(TKey Key, TValue[] Values)>.Of(Groups<TKey, TValue>(shuffle, buckets, context));

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TCombined Value)> Combine<TKey, TValue, TCombined>(
        BatchReader<(TKey Key, TValue Value)> pairs, Aggregator<TValue, TCombined> aggregator, TaskContext context)
        where TKey : notnull =>
        new DeferredReader<(TKey Key, TCombined Value)>(() =>
        {
            var bucket = new List<(TKey Key, TCombined Value)>();
            var places = new Dictionary<ValueTuple<TKey>, int>();
            foreach (var (key, value) in ReadAll(pairs))
            {
                Add(bucket, places, key, value, aggregator);
            }

            return BatchListReader<(TKey Key, TCombined Value)>.Of(bucket);
        });

    /// <inheritdoc/>
    public BatchReader<(TKey Key, TValue[] Values)> Group<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> pairs, bool isByHash, TaskContext context)
        where TKey : notnull =>
        new DeferredReader<(TKey Key, TValue[] Values)>(() =>
        {
            var groups = ReadAll(pairs).GroupBy(pair => pair.Key, pair => pair.Value).Select(group => (group.Key, Values: group.ToArray()));
            return BatchListReader<(TKey Key, TValue[] Values)>.Of(isByHash ? groups.OrderBy(group => StableHasher<TKey>.Default.Hash(group.Key)) : groups);
        });

    /// <inheritdoc/>
    public ISpreadPairs<TKey, TValue> Spread<TKey, TValue>(BatchReader<(TKey Key, TValue Value)> pairs, Partitioner partitioner, TaskContext context)
        where TKey : notnull
    {
        var all = ReadAll(pairs);
        var partitions = new int[all.Count];
        partitioner.PartitionsOf(new ReadOnlySpan<TKey>([.. all.Select(pair => pair.Key)]), partitions);
        return new ListedPairs<TKey, TValue>(all.Zip(partitions).ToLookup(pair => pair.Second, pair => pair.First));
    }

    private static List<T> ReadAll<T>(BatchReader<T> source)
    {
        var all = new List<T>();
        using (source)
        {
            for (var batch = source.Next(); !batch.IsEmpty; batch = source.Next())
            {
                all.AddRange(BorrowedBytes<T>.KeepBatch(batch));
            }
        }

        return all;
    }

    private static void Add<TKey, TValue, TCombined>(
        List<(TKey Key, TCombined Value)> bucket, Dictionary<ValueTuple<TKey>, int> places, TKey key, TValue value, Aggregator<TValue, TCombined>? aggregator)
    {
        if (aggregator is null)
        {
            bucket.Add((key, (TCombined)(object?)value!));
        }
        else if (places.TryGetValue(ValueTuple.Create(key), out var place))
        {
            bucket[place] = (key, aggregator.Merge(bucket[place].Value, value));
        }
        else
        {
            places.Add(ValueTuple.Create(key), bucket.Count);
            bucket.Add((key, aggregator.Create(value)));
        }
    }

    private IEnumerable<(TKey Key, TValue[] Values)> Groups<TKey, TValue>(ShuffleId shuffle, BucketRange buckets, TaskContext context)
        where TKey : notnull
    {
        var pairs = new List<(TKey Key, TValue Value)>();
        using var reader = ReadBucket<TKey, TValue>(shuffle, buckets, context);
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            pairs.AddRange(batch);
        }

        return pairs.GroupBy(pair => pair.Key, pair => pair.Value).Select(group => (group.Key, group.ToArray())).Reverse();
    }

    private SortedDictionary<int, object> OutputsOf(ShuffleId shuffle) => _outputs.TryGetValue(shuffle, out var outputs) ? outputs : [];

    private sealed class DeferredReader<T>(Func<BatchReader<T>> open) : BatchReader<T>
    {
        private BatchReader<T>? _reader;

        public override ReadOnlySpan<T> Next() => (_reader ??= open()).Next();
    }

    private sealed class ListedPairs<TKey, TValue>(ILookup<int, (TKey Key, TValue Value)> buckets) : ISpreadPairs<TKey, TValue>
    {
        public long PairCount => buckets.Sum(bucket => (long)bucket.Count());

        public long BytesOf(int bucket) => 100L * buckets[bucket].Count();

        public BatchReader<(TKey Key, TValue Value)> Open(int bucket) => BatchListReader<(TKey Key, TValue Value)>.Of(buckets[bucket]);

        public void Dispose()
        {
        }
    }
}
