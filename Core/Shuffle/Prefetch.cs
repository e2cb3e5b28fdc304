using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>Asks for memory before it is needed, so that the waits for many places overlap.</summary>
internal static class Prefetch
{
    /// <summary>
    /// How many places ahead a loop asks for memory that it visits at random, where nothing else waits between them: as many as a processor waits for at the same time. Of more, the first
    /// are gone from the innermost cache again.
    /// </summary>
    public const int Distance = 32;

    private const int LineBytes = 64;
    private const int MaxBytes = 2 * LineBytes;

    /// <summary>Asks for an element, or for its beginning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Element<T>(ref readonly T element)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in element)));
        }
    }

    /// <summary>Asks for the elements with some numbers. Numbers may be out of range: a place is only a hint, and nothing is read.</summary>
    public static unsafe void Elements<T>(Span<T> elements, ReadOnlySpan<int> numbers)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        ref var start = ref MemoryMarshal.GetReference(elements);
        foreach (var number in numbers)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref start, number)));
        }
    }

    /// <summary>
    /// Asks for the first bytes of the object that a reference refers to; does nothing for types without one of their own. Into the second cache: it is for as many objects as a batch
    /// has, which are more than the innermost one holds.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Object<T>(ref readonly T reference)
    {
        if (Sse.IsSupported && !typeof(T).IsValueType)
        {
            var start = (byte*)Unsafe.As<T, nint>(ref Unsafe.AsRef(in reference));
            Sse.Prefetch1(start);
            Sse.Prefetch1(start + LineBytes);
        }
    }

    /// <summary>Asks for the bytes of texts or slices, as far as three cache lines go; for other types does nothing.</summary>
    public static unsafe void Bytes<T>(ReadOnlySpan<T> values)
    {
        if (!Sse.IsSupported || (typeof(T) != typeof(ByteSlice) && typeof(T) != typeof(Utf8Text)))
        {
            return;
        }

        foreach (ref readonly var slice in MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, ByteSlice>(ref MemoryMarshal.GetReference(values)), values.Length))
        {
            if (!slice.IsEmpty && slice.Block is { } block)
            {
                var start = (byte*)block.AddressOf(slice.Start);
                Sse.Prefetch0(start);
                Sse.Prefetch0(start + Math.Min(slice.Length - 1, MaxBytes - 1));
                if (slice.Length > LineBytes)
                {
                    Sse.Prefetch0(start + LineBytes);
                }
            }
        }
    }
}
