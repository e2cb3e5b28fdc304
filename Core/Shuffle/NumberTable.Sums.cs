using System.Runtime.CompilerServices;

namespace Dpark.Shuffle;

// Adding numbers to hashed places.
internal sealed partial class NumberTable<TKey, TValue>
{
    /// <summary>
    /// Adds numbers to the values of some keys, which begin with them if they are new: those for which <see cref="Addition{TCombined, TValue}"/> is used. The table is not dense, and there is
    /// room for as many new keys: <see cref="Reserve"/>.
    /// </summary>
    public void AddSums<TNumber>(ReadOnlySpan<(TKey Key, TNumber Value)> pairs)
    {
        while (true)
        {
            ref var places = ref PlaceAt(0);
            var added = AddSums(pairs, ref places, _placeCount - 1, _shift, multiplier, ref _hashedCount);
            if (added == pairs.Length)
            {
                return;
            }

            // The only key that has no hashed place.
            ref var value = ref GetOrAddZero(out var exists);
            var number = pairs[added].Value;
            value = exists ? default(Addition<TValue, TNumber>).Merge(value, number) : Unsafe.As<TNumber, TValue>(ref number);
            pairs = pairs[(added + 1)..];
        }
    }

    // Calls nothing, see DenseTable.AddBelow. Stops at a key of 0.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int AddSums<TNumber>(
        ReadOnlySpan<(TKey Key, TNumber Value)> pairs, ref Place places, int lastPosition, int shift, ulong multiplier, ref int pairCount)
    {
        var newCount = 0;
        var i = 0;
        for (; i < pairs.Length; i++)
        {
            Prefetch.Element(in Unsafe.Add(ref places, PositionBy(pairs[Math.Min(i + Prefetch.Distance, pairs.Length - 1)].Key, multiplier, shift)));
            var (key, number) = pairs[i];
            if (BitsOf(key) == 0)
            {
                break;
            }

            var position = PositionBy(key, multiplier, shift);
            ref var place = ref Unsafe.Add(ref places, position);
            while (BitsOf(place.Key) != BitsOf(key) && BitsOf(place.Key) != 0)
            {
                position = (position + 1) & lastPosition;
                place = ref Unsafe.Add(ref places, position);
            }

            if (BitsOf(place.Key) != 0)
            {
                place.Value = default(Addition<TValue, TNumber>).Merge(place.Value, number);
            }
            else
            {
                place.Key = key;
                place.Value = Unsafe.As<TNumber, TValue>(ref number);
                newCount++;
            }
        }

        pairCount += newCount;
        return i;
    }
}
