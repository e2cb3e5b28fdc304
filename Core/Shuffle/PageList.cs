using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>
/// A list of values without references in memory of <see cref="PagePool"/>, for lists that get long: on large pages, and what it leaves behind when it grows is counted and used again. A
/// value of this type must not be copied. Used by one thread.
/// </summary>
/// <typeparam name="T">Without references. Not a constraint, because generic code that has looked could not name it.</typeparam>
internal struct PageList<T>
{
    private const int LeastCapacity = 1024;

    private PageMemory? _memory;
    private int _capacity;

    /// <summary>Elements.</summary>
    public int Count { get; private set; }

    /// <summary>Elements for which there is memory.</summary>
    public readonly int Capacity => _capacity;

    /// <summary>The elements. Valid until the next change.</summary>
    public readonly Span<T> Span => All[..Count];

    private readonly Span<T> All => _memory is null ? default : MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref _memory.Start), _capacity);

    /// <summary>Memory once so many elements are there.</summary>
    public readonly long BytesWith(long count) => count > Array.MaxLength
        ? long.MaxValue / 8
        : PageMemory.TakenFor((long)(count > _capacity ? CapacityFor((int)count) : _capacity) * Unsafe.SizeOf<T>());

    /// <summary>Makes the list as long as asked for, at least as long as it is. New elements have undefined content.</summary>
    public Span<T> ExtendTo(int count)
    {
        if (count > _capacity)
        {
            Grow(CapacityFor(count));
        }

        Count = Math.Max(Count, count);
        return Span;
    }

    /// <summary>Takes the memory for so many elements at once.</summary>
    public void Reserve(int count)
    {
        if (count > _capacity)
        {
            Grow(CapacityReaching(count));
        }
    }

    /// <summary>Takes the memory for so many elements at once, and hardly more: an exact number, so that lists of about the same length use the same blocks of the pool.</summary>
    public void ReserveTightly(int count)
    {
        if (count > _capacity)
        {
            Grow((int)Math.Min(BytesOf(count) / Unsafe.SizeOf<T>(), Array.MaxLength));
        }
    }

    /// <summary>Memory that <see cref="ReserveTightly"/> takes for so many elements.</summary>
    public static long BytesOf(int count) => PageMemory.TakenFor((long)count * Unsafe.SizeOf<T>());

    /// <summary>The capacity that is reserved for so many elements.</summary>
    /// <remarks>One of few, whatever the count: the pool of pages gives only blocks of the very length that was returned.</remarks>
    public static int CapacityReaching(int count)
    {
        var capacity = (long)LeastCapacity;
        while (capacity < count)
        {
            capacity += capacity / 2;
        }

        return (int)Math.Min(capacity, Array.MaxLength);
    }

    /// <summary>Removes all elements and keeps the memory.</summary>
    public void Clear() => Count = 0;

    /// <summary>Returns the memory. The list is empty afterwards.</summary>
    public void Dispose()
    {
        _memory?.Dispose();
        _memory = null;
        _capacity = 0;
        Count = 0;
    }

    // At least half as many more, so that each element is copied twice at most on average.
    private readonly int CapacityFor(int needed) => (int)Math.Min(Math.Max(Math.Max(needed, _capacity + (_capacity / 2L)), LeastCapacity), Array.MaxLength);

    private void Grow(int capacity)
    {
        var larger = new PageMemory((long)capacity * Unsafe.SizeOf<T>(), zeroBytes: 0);
        Span.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref larger.Start), Count));
        _memory?.Dispose();
        _memory = larger;
        _capacity = capacity;
    }
}
