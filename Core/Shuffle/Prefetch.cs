using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Dpark.Shuffle;

/// <summary>Asks for memory before it is needed, so that the waits for many places overlap.</summary>
internal static class Prefetch
{
    private const int LineBytes = 64;

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
    /// Asks for the first bytes of the objects that the elements with some numbers refer to. Whose elements are no references, has nothing to ask for. An object may
    /// move meanwhile: then a wrong line is fetched, and nothing else happens.
    /// </summary>
    /// <param name="numbers">In range, or negative for none.</param>
    public static unsafe void Objects<T>(ReadOnlySpan<T> elements, ReadOnlySpan<int> numbers)
    {
        if (!Sse.IsSupported || typeof(T).IsValueType)
        {
            return;
        }

        ref var start = ref MemoryMarshal.GetReference(elements);
        foreach (var number in numbers)
        {
            if (number >= 0)
            {
                var address = (byte*)Unsafe.As<T, nint>(ref Unsafe.Add(ref start, number));
                Sse.Prefetch0(address);
                Sse.Prefetch0(address + LineBytes);
            }
        }
    }
}
