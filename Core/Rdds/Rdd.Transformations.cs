using System.Runtime.CompilerServices;
using Dpark.Caching;
using Dpark.Partitioning;
using Dpark.Rdds.Operators;
using Dpark.Text;

namespace Dpark.Rdds;

// Transformations: each describes a new RDD, runs nothing, and checks that its function can travel.
public abstract partial class Rdd<T>
{
    /// <summary>Applies a function to each element. Narrow.</summary>
    /// <param name="transform">Called once per element per attempt; a retried task calls it again.</param>
    /// <example><code>var lengths = lines.Map(line => line.Length);</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public Rdd<TOut> Map<TOut>(Func<T, TOut> transform, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new MappedRdd<T, TOut>(this, transform, Check(transform, nameof(Map), file, line));

    /// <summary>Replaces each element by the elements that a function makes of it, in order. Narrow.</summary>
    /// <param name="expand">Returns any sequence, also an empty or a lazy one, but not null. Arrays and lists are read fastest.</param>
    /// <example><code>var words = lines.FlatMap(line => line.Split(' '));</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public Rdd<TOut> FlatMap<TOut>(Func<T, IEnumerable<TOut>> expand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new FlatMappedRdd<T, TOut>(this, expand, Check(expand, nameof(FlatMap), file, line));

    /// <summary>As <see cref="FlatMap{TOut}(Func{T, IEnumerable{TOut}}, string, int)"/>, with a function that adds elements to an emitter: nothing is allocated for each element.</summary>
    /// <param name="expand">May add any number of elements, also none; pairs of many keys with one value by <see cref="EmitterExtensions.AddPairs"/>.</param>
    /// <example><code>var shares = nodes.FlatMap&lt;(long, double)&gt;((node, shares) => shares.Add((node.Target, node.Share)));</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public Rdd<TOut> FlatMap<TOut>(Action<T, Emitter<TOut>> expand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new EmittedRdd<T, TOut>(this, expand, Check(expand, nameof(FlatMap), file, line));

    /// <summary>Replaces each element by the parts of a text, without an object for each element. Narrow.</summary>
    /// <example><code>var words = dpark.Utf8TextFile("books/*.txt").FlatMap(line => line.Split(' '));</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public Rdd<Utf8Text> FlatMap(Func<T, Utf8Split> expand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new SplitRdd<T>(this, expand, Check(expand, nameof(FlatMap), file, line));

    /// <summary>Keeps the elements that a predicate accepts. Narrow.</summary>
    /// <example><code>var errors = lines.Filter(line => line.StartsWith("ERROR"));</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public Rdd<T> Filter(Func<T, bool> predicate, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new FilteredRdd<T>(this, predicate, Check(predicate, nameof(Filter), file, line));

    /// <summary>Replaces each partition by what a function makes of it. Narrow. For work that is set up once per partition, such as a connection or a parser.</summary>
    /// <param name="transform">Called once per partition per attempt with a stream that can be enumerated once; its result is enumerated lazily.</param>
    /// <param name="keepsPartitioner">Say <see langword="true"/> if the elements are pairs whose keys stay what they are, so that later operators need no shuffle.</param>
    /// <example><code>var sums = numbers.MapPartitions(part => new[] { part.Sum() });</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public Rdd<TOut> MapPartitions<TOut>(
        Func<IEnumerable<T>, IEnumerable<TOut>> transform,
        bool keepsPartitioner = false,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var callSite = Check(transform, nameof(MapPartitions), file, line);
        return new MappedPartitionsRdd<T, TOut>(this, (_, elements) => transform(elements), keepsPartitioner, callSite);
    }

    /// <summary>As <see cref="MapPartitions"/>, with the index of the partition, from 0.</summary>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public Rdd<TOut> MapPartitionsWithIndex<TOut>(
        Func<int, IEnumerable<T>, IEnumerable<TOut>> transform,
        bool keepsPartitioner = false,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        new MappedPartitionsRdd<T, TOut>(this, transform, keepsPartitioner, Check(transform, nameof(MapPartitionsWithIndex), file, line));

    /// <summary>Puts a key before each element. Narrow.</summary>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public Rdd<(TKey Key, T Value)> KeyBy<TKey>(Func<T, TKey> keySelector, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new KeyedRdd<TKey, T>(this, keySelector, Check(keySelector, nameof(KeyBy), file, line));

    /// <summary>The elements of this RDD, then those of another; nothing is removed. Narrow: the partitions stand in a row.</summary>
    /// <exception cref="ArgumentException">The other belongs to another context.</exception>
    public Rdd<T> Union(Rdd<T> other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = new CallSite(nameof(Union), file, line);
        EnsureSameContext(other, callSite);
        return new UnionRdd<T>(Context, [this, other], callSite);
    }

    /// <summary>Each distinct element once, in no particular order. Wide.</summary>
    /// <param name="partitionCount">Of the result; at least 1. <see langword="null"/>: by the size of the data, see <see cref="IRddContext.Partitioning"/>.</param>
    /// <exception cref="UnsupportedKeyTypeException">The elements have no hash that holds across processes.</exception>
    public Rdd<T> Distinct(int? partitionCount = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = new CallSite(nameof(Distinct), file, line);
        return DistinctOperator.Create(this, partitionCount, callSite);
    }

    /// <summary>Groups elements by a key. Wide; prefer <c>ReduceByKey</c> where the groups are only summed up, because it sends less.</summary>
    /// <param name="partitionCount">Of the result; at least 1. <see langword="null"/>: by the size of the data, see <see cref="IRddContext.Partitioning"/>.</param>
    /// <returns>One pair per key; keys, and the values of a key, in no particular order.</returns>
    /// <example><code>var byLength = words.GroupBy(word => word.Length);</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    public Rdd<(TKey Key, T[] Values)> GroupBy<TKey>(
        Func<T, TKey> keySelector, int? partitionCount = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where TKey : notnull
    {
        var callSite = Check(keySelector, nameof(GroupBy), file, line);
        return PairOperators.Group(new KeyedRdd<TKey, T>(this, keySelector, callSite), partitionCount, callSite);
    }

    /// <summary>
    /// Sorts all elements by a key. Stable; partition by partition, the result is in order. Wide, and a job samples the keys before the first job that uses the
    /// result, so what is expensive to compute should be cached before it.
    /// </summary>
    /// <param name="keySelector">Called about three times per element, and once more for each time that it is spilled.</param>
    /// <param name="isDescending">Greatest first; equal elements still in their original order.</param>
    /// <param name="partitionCount">Of the result; at least 1, some may be empty. <see langword="null"/>: by the size of the data, see <see cref="IRddContext.Partitioning"/>.</param>
    /// <param name="comparer">Travels to the workers. <see langword="null"/>: the natural order of the key, null first, strings by UTF-16 code units.</param>
    /// <remarks>
    /// A partition that does not fit in memory is sorted in runs on disk, which are merged while they are read. Numbers, times, strings, texts, slices of bytes and pairs
    /// of those are compared by their first 64 bits where these differ. With few distinct keys, partitions can be no smaller than the elements of one key.
    /// </remarks>
    /// <example><code>var byCount = counts.SortBy(pair => pair.Value, isDescending: true);</code></example>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    /// <exception cref="InvalidOperationException">The key has no order and no comparer is given.</exception>
    public Rdd<T> SortBy<TKey>(
        Func<T, TKey> keySelector,
        bool isDescending = false,
        int? partitionCount = null,
        IComparer<TKey>? comparer = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        SortOperator.Create(this, keySelector, isDescending, partitionCount, comparer, Check(keySelector, nameof(SortBy), file, line));

    /// <summary>Puts neighbouring partitions together. Narrow: no elements move. DPark's <c>mergeSplit</c>.</summary>
    /// <param name="partitionCount">Most partitions of the result; at least 1. Not more than there are.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitionCount"/> is less than 1.</exception>
    public Rdd<T> Coalesce(int partitionCount, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitionCount, 1);
        return new CoalescedRdd<T>(this, partitionCount, new CallSite(nameof(Coalesce), file, line));
    }

    /// <summary>One array per partition, with all its elements. Narrow.</summary>
    public Rdd<T[]> Glom([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new GlommedRdd<T>(this, new CallSite(nameof(Glom), file, line));

    /// <summary>Keeps about a fraction of the elements, each with the same probability. Narrow.</summary>
    /// <param name="fraction">From 0, which keeps none, to 1, which keeps all.</param>
    /// <param name="seed">The same seed keeps the same elements.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fraction"/> is not from 0 to 1.</exception>
    public Rdd<T> Sample(double fraction, int seed = 12345, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (!(fraction >= 0 && fraction <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A sample keeps each element with a probability. Give a number from 0 to 1.");
        }

        return new SampledRdd<T>(this, fraction, seed, new CallSite(nameof(Sample), file, line));
    }

    /// <summary>Numbers the elements from 0, across all partitions. Narrow, but with several partitions a job counts them before the first job that uses the result.</summary>
    public Rdd<(T Element, long Index)> ZipWithIndex([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new IndexedRdd<T>(this, new CallSite(nameof(ZipWithIndex), file, line));

    /// <summary>Keeps the partitions of this RDD in the workers' memory once they are computed, for later jobs.</summary>
    /// <returns>This RDD.</returns>
    /// <example><code>var words = lines.FlatMap(line => line.Split(' ')).Cache();</code></example>
    public Rdd<T> Cache() => Persist(StorageLevel.Memory);

    /// <summary>As <see cref="Cache"/>, in the places that <paramref name="level"/> names. Jobs that are defined later see it; what is kept already stays where it is.</summary>
    /// <returns>This RDD.</returns>
    /// <example><code>var words = lines.FlatMap(line => line.Split(' ')).Persist(StorageLevel.MemoryAndDisk);</code></example>
    /// <exception cref="Codecs.UnsupportedRecordTypeException">The level keeps bytes, and the elements cannot be encoded.</exception>
    public Rdd<T> Persist(StorageLevel level)
    {
        if (!Enum.IsDefined(level))
        {
            throw new ArgumentOutOfRangeException(nameof(level), level, $"{Id} cannot be kept at an unknown level. Give one of {string.Join(", ", Enum.GetNames<StorageLevel>())}.");
        }

        if (level.NeedsCodec())
        {
            Codecs.RecordCodec.EnsureSupported<T>();
        }

        StorageLevel = level;
        return this;
    }

    /// <summary>
    /// Says that computing a partition of this RDD again may give other elements, because its functions use the time, an unseeded random number, or a service. When
    /// a part of what was computed from it is lost, all of it is computed again, so that no element is lost or there twice.
    /// </summary>
    /// <remarks>The engine knows by itself of <c>Sample</c>, <c>ZipWithIndex</c> and <c>Glom</c> after a shuffle, whose elements come in any order.</remarks>
    /// <returns>This RDD.</returns>
    /// <example><code>var stamped = lines.Map(line => (Guid.NewGuid(), line)).MarkNonDeterministic();</code></example>
    public Rdd<T> MarkNonDeterministic()
    {
        IsMarkedNonDeterministic = true;
        return this;
    }

    /// <summary>Later jobs compute the partitions again. Workers are told in the background to drop what they keep; jobs that run may still keep more.</summary>
    /// <returns>This RDD.</returns>
    public Rdd<T> Unpersist()
    {
        _ = UnpersistAsync();
        return this;
    }

    /// <summary>As <see cref="Unpersist"/>.</summary>
    /// <returns>Completes when all workers that can be reached have freed what they kept.</returns>
    /// <exception cref="OperationCanceledException">The token fired. The workers are told all the same.</exception>
    public Task UnpersistAsync(CancellationToken cancellationToken = default)
    {
        if (StorageLevel == StorageLevel.None)
        {
            return Task.CompletedTask;
        }

        StorageLevel = StorageLevel.None;
        return Context.DropCachedAsync(Id, CancellationToken.None).WaitAsync(cancellationToken);
    }

    /// <summary>Checks an argument that belongs to an RDD.</summary>
    internal void EnsureSameContext(Rdd other, CallSite callSite)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (!ReferenceEquals(other.Context, Context))
        {
            throw new ArgumentException($"{callSite} puts together RDDs of two contexts. Make both with the same one.", nameof(other));
        }
    }

    /// <summary>Checks a function when an operator is called.</summary>
    internal CallSite Check(Delegate function, string operatorName, string file, int line)
    {
        ArgumentNullException.ThrowIfNull(function);
        var callSite = new CallSite(operatorName, file, line);
        Context.CheckClosure(function, callSite);
        return callSite;
    }
}
