using System.Globalization;
using Dpark.Memory;
using Dpark.Rdds;
using Dpark.Rdds.Actions;
using Dpark.Rdds.Operators;

namespace Dpark.Partitioning;

/// <summary>Decides on the partitions of one shuffle, or of several that are to have the same. Driver only. Thread-safe.</summary>
/// <remarks>
/// Two steps, each taken once, so that the same RDD always has the same partitions: how many buckets map tasks write, by the bytes of the input; and which neighbouring buckets are a
/// partition, by the bytes of the map outputs. Whoever asks for the partitions before the map outputs are there gets one for each bucket. It holds no RDD whose job has run, or shuffles
/// would never be deleted.
/// </remarks>
internal sealed class PartitionDecision
{
    // Decisions join each other, so one lock for all of them; nothing is computed under it.
    private static readonly Lock s_gate = new();

    private readonly IRddContext _context;
    private readonly Func<int, Partitioner> _create;
    private readonly bool _canJoin;
    private SizedSources? _sources;
    private PartitionDecision? _joined;
    private Partitioner? _buckets;
    private int[]? _starts;
    private bool _isTaken;
    private bool _isShared;
    private string _why = "";

    /// <param name="create">Makes the partitioner of the buckets.</param>
    /// <param name="canJoin">Whether two of the same count are equal.</param>
    public PartitionDecision(IRddContext context, SizedSources sources, Func<int, Partitioner> create, bool canJoin)
    {
        _context = context;
        _sources = sources;
        _create = create;
        _canJoin = canJoin;
    }

    /// <summary>The decision that counts.</summary>
    public PartitionDecision Root
    {
        get
        {
            var root = this;
            while (root._joined is { } next)
            {
                root = next;
            }

            return root;
        }
    }

    /// <summary>Whether both steps are taken.</summary>
    public bool IsDecided => Volatile.Read(ref Root._starts) is not null;

    /// <summary>The partitioner of the buckets. Takes the first step if it is not taken; that may read directories.</summary>
    public Partitioner Buckets => Count(isForJob: false);

    /// <summary>The first bucket of each partition. Takes both steps if they are not taken.</summary>
    public int[] Starts
    {
        get
        {
            var buckets = Buckets;
            var root = Root;
            return Volatile.Read(ref root._starts) ?? root.Decide(AllOf(buckets), reason: null);
        }
    }

    /// <summary>How many buckets map tasks write; <see langword="null"/> if that is not decided.</summary>
    public int? KnownBucketCount => Volatile.Read(ref Root._buckets)?.PartitionCount;

    /// <summary>What was decided, and why; or what has to happen before.</summary>
    public string Description
    {
        get
        {
            lock (s_gate)
            {
                var root = Root;
                return root._buckets is null ? "by the size of the input, when the first job needs it" : root._starts is null ? $"{root._why}; neighbours by the size of the map outputs" : root._why;
            }
        }
    }

    /// <summary>An RDD is made that reads shuffles by it. From the second one on nothing is measured: small map outputs of one do not say that those of another are small.</summary>
    public void Take()
    {
        lock (s_gate)
        {
            var root = Root;
            root._isShared |= root._isTaken;
            root._isTaken = true;
        }
    }

    /// <summary>Has both decide the same, if they still can.</summary>
    public void TryJoin(PartitionDecision other)
    {
        lock (s_gate)
        {
            var (one, two) = (Root, other.Root);
            if (one == two || !one._canJoin || !two._canJoin)
            {
                return;
            }

            if (two._buckets is not null)
            {
                (one, two) = (two, one);
            }

            // What has written buckets, or is decided, stays.
            if (two._buckets is not null || two._starts is not null)
            {
                return;
            }

            one._sources = one._sources is { } sources ? SizedSources.Union(sources, two._sources!) : null;
            one._isShared |= one._isTaken || two._isTaken;
            two._joined = one;
            two._sources = null;
        }
    }

    /// <summary>Whether both have decided, and on the same.</summary>
    public bool IsEquivalentTo(PartitionDecision other)
    {
        var (one, two) = (Root, other.Root);
        return one == two
            || (one.IsDecided && two.IsDecided && one._canJoin && two._canJoin && one._buckets!.Equals(two._buckets) && one._starts.AsSpan().SequenceEqual(two._starts));
    }

    /// <summary>Takes the first step for a job: what it is to read has to be there.</summary>
    public void CountForJob() => Count(isForJob: true);

    /// <summary>Takes both steps for a job. Runs the map stages if there are more buckets than slots.</summary>
    /// <param name="shuffles">What the RDD that is prepared reads.</param>
    public async Task PrepareAsync(IReadOnlyList<ShuffleDependency> shuffles, CallSite action, CancellationToken cancellationToken)
    {
        var buckets = Count(isForJob: true);
        var root = Root;
        var slotCount = _context.DefaultParallelism;
        if (!_context.Partitioning.Coalesce || root._isShared || root.IsDecided || buckets.PartitionCount <= slotCount)
        {
            _ = Starts;
            return;
        }

        var bytes = await MeasureAsync(shuffles, buckets.PartitionCount, action, cancellationToken).ConfigureAwait(false);
        var total = bytes.Sum();
        var count = Math.Min(PartitionSizing.CountFor(total, slotCount, _context.Partitioning), buckets.PartitionCount);
        var starts = root._isShared || count == buckets.PartitionCount ? AllOf(buckets) : PartitionSizing.Ranges(bytes, count);
        root.Decide(starts, string.Create(
            CultureInfo.InvariantCulture, $"its map outputs have {ByteText.Of(total)} in {buckets.PartitionCount} buckets, the largest {ByteText.Of(bytes.Max())}"));
    }

    private async Task<long[]> MeasureAsync(IReadOnlyList<ShuffleDependency> shuffles, int bucketCount, CallSite action, CancellationToken cancellationToken)
    {
        var sizes = await JobRunner.CollectAsync(new BucketSizesRdd(_context, shuffles, bucketCount, action), action, cancellationToken).ConfigureAwait(false);
        return [.. sizes];
    }

    private Partitioner Count(bool isForJob)
    {
        while (true)
        {
            SizedSources? sources;
            PartitionDecision root;
            lock (s_gate)
            {
                root = Root;
                if (root._buckets is { } known)
                {
                    return known;
                }

                sources = root._sources!;
            }

            var (bytes, isKnown) = sources.CountBytes(isForJob);
            var slotCount = _context.DefaultParallelism;
            var count = Math.Max(PartitionSizing.CountFor(bytes, slotCount, _context.Partitioning), isKnown ? 1 : slotCount);
            lock (s_gate)
            {
                // Others may have joined meanwhile, with inputs of their own.
                if (root == Root && root._buckets is null && root._sources == sources)
                {
                    root._why = string.Create(
                        CultureInfo.InvariantCulture, $"{ByteText.Of(bytes)} of input{(isKnown ? "" : ", some of unknown size")}, {slotCount} slots");
                    root._sources = null;
                    root._buckets = root._create(count);
                }
            }
        }
    }

    private int[] Decide(int[] starts, string? reason)
    {
        lock (s_gate)
        {
            if (_starts is null)
            {
                _why = reason ?? _why;
                Volatile.Write(ref _starts, starts);
            }

            return _starts;
        }
    }

    private static int[] AllOf(Partitioner buckets) => [.. Enumerable.Range(0, buckets.PartitionCount)];
}
