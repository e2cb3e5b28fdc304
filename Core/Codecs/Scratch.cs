using System.Buffers;
using System.Runtime.CompilerServices;

namespace Dpark.Codecs;

/// <summary>A rented array of exactly the length asked for, given back when disposed.</summary>
internal readonly ref struct Scratch<T>
{
    private readonly T[] _array;
    private readonly int _length;

    public Scratch(int length)
    {
        _array = length == 0 ? [] : ArrayPool<T>.Shared.Rent(length);
        _length = length;
    }

    public Span<T> Span => _array.AsSpan(0, _length);

    public void Dispose()
    {
        if (_array.Length == 0)
        {
            return;
        }

        // Only what was used can hold references; clearing the whole array would cost more than the column.
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            Span.Clear();
        }

        ArrayPool<T>.Shared.Return(_array);
    }
}
