using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

// Adding numbers without looking which places are used.
internal sealed unsafe partial class DenseTable<TKey, TValue>
{
    // So that they stay in the innermost cache from one loop to the next.
    private const int SplitPairs = 128;

    private (TKey Key, TValue Value)[]? _known;

    /// <summary>
    /// Adds numbers to the values of some keys, up to the first key that has no place: those for which <see cref="Addition{TCombined, TValue}"/> is used. Which places are
    /// used is found out later, by their values, so that nothing is read or written here but the sums; of floating point, that is, and as long as there is no -0.
    /// </summary>
    /// <returns>How many pairs were added.</returns>
    /// <remarks>No place of a near table is fetched ahead: with nothing to wait for between them, the processor looks far enough ahead by itself.</remarks>
    public int AddSums<TNumber>(ReadOnlySpan<(TKey Key, TNumber Value)> pairs)
    {
        var added = 0;
        var tellThemselves = SumPlaces.TellThemselves<TNumber>();
        while (true)
        {
            added += tellThemselves ? AddBelow<TNumber, Unseen>(pairs[added..]) : AddBelow<TNumber, Seen>(pairs[added..]);
            var offset = added == pairs.Length ? ulong.MaxValue : OffsetOf(pairs[added].Key);
            if (offset >= (ulong)PlaceCount)
            {
                _unmarkedCount += added;
                return added;
            }

            if (offset < (ulong)_sumEnd)
            {
                // A number of which a sum may look like an unused place. Where there is one, there are more.
                tellThemselves = false;
            }
            else
            {
                ExtendSums<TNumber>((int)offset + 1);
            }
        }
    }

    /// <summary>As <see cref="AddSums"/>, to the end: pairs whose keys have no place are left over.</summary>
    /// <param name="others">Receives those; as long as <paramref name="pairs"/>.</param>
    /// <returns>How many there are.</returns>
    public int AddKnownSums<TNumber>(ReadOnlySpan<(TKey Key, TNumber Value)> pairs, Span<(TKey Key, TValue Value)> others)
    {
        if (_sumEnd < PlaceCount)
        {
            ExtendSums<TNumber>(PlaceCount);
        }

        _known ??= new (TKey, TValue)[SplitPairs];

        // They are the same type, for which the compiler has no word.
        var known = MemoryMarshal.CreateSpan(ref Unsafe.As<(TKey Key, TValue Value), (TKey Key, TNumber Value)>(ref _known[0]), SplitPairs);
        var count = 0;
        for (; !pairs.IsEmpty; pairs = pairs[Math.Min(pairs.Length, SplitPairs)..])
        {
            var some = pairs[..Math.Min(pairs.Length, SplitPairs)];
            var knownCount = Split(some, First, (ulong)_sumEnd, known, others[count..]);
            count += some.Length - knownCount;
            AddSums<TNumber>(known[..knownCount]);
        }

        return count;
    }

    // Unused places get undefined content by what follows.
    private void EndSums()
    {
        MarkSums();
        _sumEnd = 0;
    }

    private int AddBelow<TNumber, TSums>(ReadOnlySpan<(TKey Key, TNumber Value)> pairs) => IsNear
        ? AddBelow<TNumber, TSums, Near>(pairs, First, (ulong)_sumEnd, _values, _used)
        : AddBelow<TNumber, TSums, Far>(pairs, First, (ulong)_sumEnd, _values, _used);

    // Calls nothing and has what it needs in registers: with a call in the loop, the compiler keeps the index in memory, which takes longer than the addition. To look at each sum takes
    // a third of the time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int AddBelow<TNumber, TSums, TDistance>(
        ReadOnlySpan<(TKey Key, TNumber Value)> pairs, long first, ulong end, byte* values, ulong* used)
    {
        var i = 0;
        for (; i < pairs.Length; i++)
        {
            if (typeof(TDistance) == typeof(Far))
            {
                // There may be no such place: it is only a hint.
                var ahead = (ulong)(OrderOf(pairs[Math.Min(i + Prefetch.Distance, pairs.Length - 1)].Key) - first);
                Prefetch.Element(in values[ahead * (nuint)Unsafe.SizeOf<TValue>()]);
            }

            var offset = (ulong)(OrderOf(pairs[i].Key) - first);
            if (offset >= end)
            {
                break;
            }

            var number = pairs[i].Value;
            if (typeof(TSums) == typeof(Unseen) && Addition<TNumber, TNumber>.IsNothing(number))
            {
                break;
            }

            ref var value = ref Unsafe.As<byte, TValue>(ref values[offset * (nuint)Unsafe.SizeOf<TValue>()]);
            var sum = default(Addition<TValue, TNumber>).Merge(value, number);
            value = sum;
            if (typeof(TSums) == typeof(Seen) && Addition<TValue, TNumber>.IsNothing(sum))
            {
                used[offset / BitsPerWord] |= 1UL << (int)offset;
            }
        }

        return i;
    }

    // Which pairs have a place is as good as random, and to guess wrong takes longer than all the rest: so each is written to both, and to the one where it does not belong the next one is written over it.
    // Adding them here, too, would have fewer of them in flight: what they wait for is memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Split<TNumber>(
        ReadOnlySpan<(TKey Key, TNumber Value)> pairs, long first, ulong end, Span<(TKey Key, TNumber Value)> known, Span<(TKey Key, TValue Value)> others)
    {
        ref var nextKnown = ref MemoryMarshal.GetReference(known[..pairs.Length]);
        ref var nextOther = ref MemoryMarshal.GetReference(others[..pairs.Length]);
        var knownCount = 0;
        for (var i = 0; i < pairs.Length; i++)
        {
            var (key, number) = pairs[i];
            var isKnown = (ulong)(OrderOf(key) - first) < end;
            Unsafe.Add(ref nextKnown, knownCount) = (key, number);
            Unsafe.Add(ref nextOther, i - knownCount) = (key, Unsafe.As<TNumber, TValue>(ref number));
            knownCount += Unsafe.BitCast<bool, byte>(isKnown);
        }

        return knownCount;
    }

    private void ExtendSums<TNumber>(int leastEnd)
    {
        // More than is needed, so that keys in ascending order do not come here each time; not all, because the memory may be much longer than the keys go.
        var end = (int)Math.Min(PlaceCount, ((long)leastEnd + (leastEnd / RoomDenominator) + BitsPerWord) / BitsPerWord * BitsPerWord);
        SumPlaces.Fill(_values, _used, _sumEnd, end, Addition<TValue, TNumber>.OrNothing(default!, 0));
        _sumEnd = end;
    }

    /// <summary>Sums are looked at: one that looks like an unused place gets its bit.</summary>
    private readonly struct Seen;

    /// <summary>Sums are not looked at, but the numbers, which do not have to be waited for: up to the first by which a sum may come to look like an unused place.</summary>
    private readonly struct Unseen;

    /// <summary>The table is <see cref="IsNear"/>.</summary>
    private readonly struct Near;

    /// <summary>It is not: places are fetched ahead.</summary>
    private readonly struct Far;
}
