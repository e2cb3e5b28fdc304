using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Dpark.Shuffle;

/// <summary>Asks for memory before it is needed, so that the waits for many places overlap.</summary>
internal static class Prefetch
{
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
}
