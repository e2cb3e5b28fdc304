using Dpark.Partitioning;
using Dpark.Rdds.Actions;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>The map side of a sort: puts before each element a key that says which range it belongs to and which map task it comes from. Narrow.</summary>
/// <remarks>The ranges come from a job that samples the parent, of which it reads only some places if it can (<see cref="Rdd.FindSample"/>); it runs before the first job that needs them, not when the sort is defined.</remarks>
internal sealed class RangeKeyedRdd<T, TKey>(
    Rdd<T> parent, Func<T, TKey> keySelector, IComparer<TKey>? comparer, bool isDescending, Partitioner partitioner, CallSite callSite)
    : NarrowRdd<T, (long Key, T Value)>(parent, callSite)
{
    // Over all partitions of the parent together, per range.
    private const int SamplesPerRange = 60;
    private const int LeastSamplesPerPartition = 20;
    private const int MostSamples = 1_000_000;

    [NonSerialized]
    private readonly Partitioner _partitioner = partitioner;

    private RangePartitioner<TKey>? _ranges = partitioner is BucketPartitioner { PartitionCount: 1 } ? new RangePartitioner<TKey>([], isDescending, comparer) : null;

    internal override bool IsPrepared => Volatile.Read(ref _ranges) is not null;

    internal override async Task PrepareAsync(CallSite action, CancellationToken cancellationToken)
    {
        (_partitioner as SizedPartitioner)?.Decision.CountForJob();
        var partitionCount = _partitioner.Buckets.PartitionCount;
        if (partitionCount == 1)
        {
            Interlocked.CompareExchange(ref _ranges, new RangePartitioner<TKey>([], isDescending, comparer), null);
            return;
        }

        var keys = await SampleAsync(partitionCount, action, cancellationToken).ConfigureAwait(false);

        // Of two jobs that prepare at once, one must win for good: all map tasks of the shuffle need the same ranges.
        var ranges = new RangePartitioner<TKey>(Bounds(keys, partitionCount), isDescending, comparer);
        Interlocked.CompareExchange(ref _ranges, ranges, null);
    }

    protected override BatchReader<(long Key, T Value)> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), keySelector, _ranges!, partition.Index, CallSite, context);

    private async Task<List<(TKey Key, double Weight)>> SampleAsync(int partitionCount, CallSite action, CancellationToken cancellationToken)
    {
        var parents = Math.Max(Parent.Partitions.Count, 1);
        var samples = Math.Max((int)Math.Min((long)SamplesPerRange * partitionCount, MostSamples) / parents, LeastSamplesPerPartition);
        if (Parent.FindSample(samples) is { } places)
        {
            var some = await SampleAsync(places).ConfigureAwait(false);
            if (some.Count >= (long)samples * parents / 2)
            {
                return some;
            }

            // What was read is nearly all dropped on the way, so it takes more to know where the rest lies.
        }

        return await SampleAsync(null).ConfigureAwait(false);

        Task<List<(TKey Key, double Weight)>> SampleAsync(Partition[]? read) => JobRunner.CollectAsync(
            new KeySampleRdd<T, TKey>(Parent, keySelector, samples, read, CallSite), action, cancellationToken);
    }

    /// <summary>Keys that cut the sample into parts of about equal weight; fewer where one key outweighs a part.</summary>
    private List<TKey> Bounds(List<(TKey Key, double Weight)> samples, int partitionCount)
    {
        var order = comparer ?? DefaultOrder<TKey>.Comparer;
        samples.Sort((left, right) => order.Compare(left.Key, right.Key));
        var step = samples.Sum(sample => sample.Weight) / partitionCount;
        var bounds = new List<TKey>(partitionCount - 1);
        var weight = 0.0;
        foreach (var (key, keyWeight) in samples)
        {
            if (weight >= step * (bounds.Count + 1) && bounds.Count < partitionCount - 1 && (bounds.Count == 0 || order.Compare(bounds[^1], key) < 0))
            {
                bounds.Add(key);
            }

            weight += keyWeight;
        }

        return bounds;
    }

    private sealed class Reader(
        BatchReader<T> source, Func<T, TKey> keySelector, RangePartitioner<TKey> ranges, int mapIndex, CallSite callSite, TaskContext context)
        : OperatorReader<T, (long Key, T Value)>(source, callSite, context)
    {
        private readonly TKey[] _keys = new TKey[BatchReader.Capacity];
        private readonly int[] _partitions = new int[BatchReader.Capacity];

        public override ReadOnlySpan<(long Key, T Value)> Next()
        {
            var input = Pull();
            for (var i = 0; i < input.Length;)
            {
                for (var end = Pacer.EndOfRun(i, input.Length); i < end; i++)
                {
                    _keys[i] = keySelector(input[i]);
                }
            }

            ranges.PartitionsOf<TKey>(_keys.AsSpan(0, input.Length), _partitions);
            var output = Output(input.Length);
            for (var i = 0; i < input.Length; i++)
            {
                output[i] = (BucketPartitioner.KeyOf(_partitions[i], mapIndex), input[i]);
            }

            return output;
        }
    }
}
