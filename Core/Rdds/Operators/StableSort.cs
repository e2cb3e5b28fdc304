namespace Dpark.Rdds.Operators;

/// <summary>Stable sorting with the speed of <see cref="Array.Sort{TKey, TValue}(TKey[], TValue[])"/>, which is not stable.</summary>
internal static class StableSort
{
    /// <summary>The positions of the keys in sorted order; equal keys by position, ascending, also if <paramref name="isDescending"/>.</summary>
    /// <param name="keys">Sorted in place.</param>
    public static int[] Order<TKey>(TKey[] keys, IComparer<TKey> comparer, bool isDescending)
    {
        var order = new int[keys.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(keys, order, comparer);
        if (isDescending)
        {
            Array.Reverse(keys);
            Array.Reverse(order);
        }

        for (int start = 0, end; start < keys.Length; start = end)
        {
            end = start + 1;
            while (end < keys.Length && comparer.Compare(keys[start], keys[end]) == 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                Array.Sort(order, start, end - start);
            }
        }

        return order;
    }

    /// <summary>The elements in that order.</summary>
    public static T[] Arrange<T>(T[] elements, int[] order)
    {
        var arranged = new T[elements.Length];
        for (var i = 0; i < order.Length; i++)
        {
            arranged[i] = elements[order[i]];
        }

        return arranged;
    }
}
