using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Codecs;
using Dpark.Sorting;

namespace Dpark.Partitioning;

/// <summary>Gives each partition a range of keys, in the order of the partitions: a key goes behind all bounds that are not greater.</summary>
public sealed class RangePartitioner<TKey> : Partitioner
{
    private readonly TKey[] _bounds;
    private readonly IComparer<TKey>? _comparer;
    private readonly bool _isDescending;

    [NonSerialized]
    private ulong[]? _boundPrefixes;

    /// <summary>Makes a partitioner with one partition more than there are bounds.</summary>
    /// <param name="bounds">Where partitions begin, in any order; copied. Repeated bounds leave partitions between them empty.</param>
    /// <param name="isDescending">The first partition has the greatest keys.</param>
    /// <param name="comparer">Travels with the stage. <see langword="null"/>: the natural order, ordinal for strings.</param>
    public RangePartitioner(IEnumerable<TKey> bounds, bool isDescending = false, IComparer<TKey>? comparer = null)
    {
        ArgumentNullException.ThrowIfNull(bounds);
        _comparer = comparer;
        _isDescending = isDescending;
        _bounds = [.. bounds.Order(Order)];
    }

    /// <inheritdoc/>
    public override int PartitionCount => _bounds.Length + 1;

    private IComparer<TKey> Order => _comparer ?? DefaultOrder<TKey>.Comparer;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not the type of the bounds.</exception>
    public override void PartitionsOf<T>(ReadOnlySpan<T> keys, Span<int> partitions)
    {
        if (typeof(T) != typeof(TKey))
        {
            throw new ArgumentException($"A range partitioner of {typeof(TKey)} was asked for keys of {typeof(T)}. Partition by keys of the type of the bounds.", nameof(keys));
        }

        // The two type parameters name the same type here, which only the run time knows.
        PartitionsOf(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, TKey>(ref MemoryMarshal.GetReference(keys)), keys.Length), partitions);
    }

    /// <summary>The partition of one key, from 0. Takes a number of comparisons that is the logarithm of the number of bounds.</summary>
    public int PartitionOf(TKey key)
    {
        var order = Order;
        int low = 0, high = _bounds.Length;
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) / 2);
            if (order.Compare(_bounds[middle], key) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return _isDescending ? _bounds.Length - low : low;
    }

    /// <inheritdoc/>
    public override bool Equals(Partitioner? other) =>
        other is RangePartitioner<TKey> range &&
        range._isDescending == _isDescending &&
        Equals(range._comparer, _comparer) &&
        range._bounds.AsSpan().SequenceEqual(_bounds);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(typeof(TKey), _bounds.Length, _isDescending);

    private void PartitionsOf(ReadOnlySpan<TKey> keys, Span<int> partitions)
    {
        if (_comparer is null && SortPrefix<TKey>.Default is { } prefix)
        {
            PartitionsOf(keys, partitions, prefix);
            return;
        }

        for (var i = 0; i < keys.Length; i++)
        {
            partitions[i] = PartitionOf(keys[i]);
        }
    }

    // The beginnings of keys decide, but for those that begin like a bound.
    private void PartitionsOf(ReadOnlySpan<TKey> keys, Span<int> partitions, SortPrefix<TKey> prefix)
    {
        var bounds = BoundPrefixes(prefix);
        using var scratch = new Scratch<ulong>(keys.Length);
        var prefixes = scratch.Span;
        prefix.Get(keys, prefixes);
        CountNotGreater(bounds, prefixes, partitions);
        for (var i = 0; i < prefixes.Length; i++)
        {
            var low = partitions[i];
            var isDecided = prefix.IsExact || low == 0 || bounds[low - 1] != prefixes[i];
            partitions[i] = !isDecided ? PartitionOf(keys[i]) : _isDescending ? bounds.Length - low : low;
        }
    }

    // Halves what is left without a branch on the prefix, because what a processor cannot foretell costs more than a look at all few bounds; four at a time, because each look waits for the one before it.
    private static void CountNotGreater(ReadOnlySpan<ulong> bounds, ReadOnlySpan<ulong> prefixes, Span<int> counts)
    {
        ref var first = ref MemoryMarshal.GetReference(bounds);
        var i = 0;
        for (; i + 4 <= prefixes.Length; i += 4)
        {
            var (prefix0, prefix1, prefix2, prefix3) = (prefixes[i], prefixes[i + 1], prefixes[i + 2], prefixes[i + 3]);
            int low0 = 0, low1 = 0, low2 = 0, low3 = 0;
            for (var left = bounds.Length; left > 0;)
            {
                var half = (left + 1) / 2;
                low0 += StepOf(ref first, low0, half, prefix0);
                low1 += StepOf(ref first, low1, half, prefix1);
                low2 += StepOf(ref first, low2, half, prefix2);
                low3 += StepOf(ref first, low3, half, prefix3);
                left -= half;
            }

            (counts[i], counts[i + 1], counts[i + 2], counts[i + 3]) = (low0, low1, low2, low3);
        }

        for (; i < prefixes.Length; i++)
        {
            var low = 0;
            for (var left = bounds.Length; left > 0;)
            {
                var half = (left + 1) / 2;
                low += StepOf(ref first, low, half, prefixes[i]);
                left -= half;
            }

            counts[i] = low;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int StepOf(ref ulong first, int low, int half, ulong prefix) =>
        half & -Unsafe.BitCast<bool, byte>(Unsafe.Add(ref first, low + half - 1) <= prefix);

    private ulong[] BoundPrefixes(SortPrefix<TKey> prefix)
    {
        if (_boundPrefixes is null)
        {
            var prefixes = new ulong[_bounds.Length];
            prefix.Get(_bounds, prefixes);
            _boundPrefixes = prefixes;
        }

        return _boundPrefixes;
    }
}
