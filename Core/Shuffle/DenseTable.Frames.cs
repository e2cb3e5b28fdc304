using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dpark.Shuffle;

// Adding frames, whose keys are bits.
internal sealed unsafe partial class DenseTable<TKey, TValue>
{
    /// <summary>Adds the pairs of a frame whose keys all have places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddFrame<TOther, TMerge>(DenseFrame<TKey, TOther> frame, Func<TOther, TValue> create, TMerge merging)
        where TMerge : struct, IMerge<TValue, TOther>
    {
        EndSums();
        var next = 0;
        for (var i = 0; i < frame.WordCount; i++)
        {
            var start = frame.First - First + ((long)i * BitsPerWord);
            for (var word = frame.WordAt(i); word != 0; word &= word - 1)
            {
                ref var value = ref GetOrAdd((int)(start + BitOperations.TrailingZeroCount(word)), out var exists);
                value = exists ? merging.Merge(value, frame.ValueAt(next)) : create(frame.ValueAt(next));
                next++;
            }
        }
    }

    /// <summary>As <see cref="AddFrame"/>, for numbers that are added; see <see cref="AddNumbers"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddFrameOfNumbers<TNumber>(DenseFrame<TKey, TNumber> frame)
    {
        MarkSums();
        var newCount = 0;
        var next = 0;
        fixed (byte* values = frame.Values)
        {
            for (var i = 0; i < frame.WordCount; i++)
            {
                var word = frame.WordAt(i);
                var start = (nint)(frame.First - First + ((long)i * BitsPerWord));
                var old = Use(word, start);
                newCount += BitOperations.PopCount(word & ~old);
                if (WordValues.IsSupported<TNumber>())
                {
                    WordValues.Add<TNumber>(word, old, (ulong*)_values + start, (ulong*)values + next);
                    next += BitOperations.PopCount(word);
                    continue;
                }

                for (; old == 0 && word != 0; word &= word - 1)
                {
                    Unsafe.As<byte, TNumber>(ref _values[(start + BitOperations.TrailingZeroCount(word)) * Unsafe.SizeOf<TValue>()]) = frame.ValueAt(next++);
                }

                for (; word != 0; word &= word - 1)
                {
                    var bit = BitOperations.TrailingZeroCount(word);
                    ref var value = ref Unsafe.As<byte, TValue>(ref _values[(start + bit) * Unsafe.SizeOf<TValue>()]);
                    value = default(Addition<TValue, TNumber>).Merge(Addition<TValue, TNumber>.OrNothing(value, (old >> bit) & 1), frame.ValueAt(next++));
                }
            }
        }

        _count += newCount;
    }

    /// <summary>Marks places as used. Only of those that are marked it matters whether there are such places.</summary>
    /// <param name="start">The place of the first bit.</param>
    /// <returns>Which of them were used before.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Use(ulong places, nint start)
    {
        var shift = (int)(start & (BitsPerWord - 1));
        var index = (start - shift) / BitsPerWord;
        var (low, high) = (places << shift, shift == 0 ? 0 : places >> (BitsPerWord - shift));
        var old = 0UL;
        if (low != 0)
        {
            old = (_used[index] & low) >> shift;
            _used[index] |= low;
        }

        if (high != 0)
        {
            old |= (_used[index + 1] & high) << (BitsPerWord - shift);
            _used[index + 1] |= high;
        }

        return old;
    }
}
