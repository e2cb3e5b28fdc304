namespace Dpark.Sorting;

/// <summary>Sorts entries by prefix, digit by digit from the last of those that differ. Stable.</summary>
internal static class RadixSort
{
    private const int DigitBits = 8;
    private const int DigitValues = 1 << DigitBits;
    private const int HalfDigits = 4;
    private const int HalfBits = HalfDigits * DigitBits;

    // Below this, counting digits costs more than comparing.
    private const int LeastForDigits = 64;

    /// <summary>Sorts.</summary>
    /// <param name="scratch">As long as <paramref name="entries"/>; overwritten.</param>
    public static void Sort(Span<SortEntry> entries, Span<SortEntry> scratch)
    {
        if (entries.Length < LeastForDigits)
        {
            Insert(entries);
            return;
        }

        // The upper half tells nearly all apart if the keys are spread, so the lower one is looked at only where it matters.
        SortHalf(entries, scratch, HalfBits);
        for (int start = 0, end; start < entries.Length; start = end)
        {
            var upper = entries[start].Prefix >> HalfBits;
            for (end = start + 1; end < entries.Length && entries[end].Prefix >> HalfBits == upper; end++)
            {
            }

            if (end - start >= LeastForDigits)
            {
                SortHalf(entries[start..end], scratch[start..end], 0);
            }
            else if (end - start > 1)
            {
                Insert(entries[start..end]);
            }
        }
    }

    private static void Insert(Span<SortEntry> entries)
    {
        for (var i = 1; i < entries.Length; i++)
        {
            var entry = entries[i];
            var place = i;
            for (; place > 0 && entries[place - 1].Prefix > entry.Prefix; place--)
            {
                entries[place] = entries[place - 1];
            }

            entries[place] = entry;
        }
    }

    private static void SortHalf(Span<SortEntry> entries, Span<SortEntry> scratch, int shift)
    {
        Span<int> counts = stackalloc int[HalfDigits * DigitValues];
        counts.Clear();
        foreach (ref readonly var entry in entries)
        {
            var half = (uint)(entry.Prefix >> shift);
            counts[(int)(half & 0xFF)]++;
            counts[DigitValues + (int)((half >> 8) & 0xFF)]++;
            counts[(2 * DigitValues) + (int)((half >> 16) & 0xFF)]++;
            counts[(3 * DigitValues) + (int)(half >> 24)]++;
        }

        var source = entries;
        var target = scratch;
        for (var digit = 0; digit < HalfDigits; digit++)
        {
            var positions = counts.Slice(digit * DigitValues, DigitValues);
            var digitShift = shift + (digit * DigitBits);
            if (positions[(int)((source[0].Prefix >> digitShift) & 0xFF)] == source.Length)
            {
                continue;
            }

            var next = 0;
            foreach (ref var position in positions)
            {
                (position, next) = (next, next + position);
            }

            foreach (ref readonly var entry in source)
            {
                target[positions[(int)((entry.Prefix >> digitShift) & 0xFF)]++] = entry;
            }

            var swapped = source;
            source = target;
            target = swapped;
        }

        if (source != entries)
        {
            source.CopyTo(entries);
        }
    }
}
