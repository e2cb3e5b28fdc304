using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Codecs;

/// <summary>How <see cref="SequenceCodec{TSequence, TElement, TShape}"/> sees one kind of collection that is an array inside.</summary>
internal interface ISequenceShape<TSequence, TElement>
{
    /// <summary>Suffix of the element's shape.</summary>
    static abstract string Suffix { get; }

    /// <summary>Heap bytes of the collection beside its array.</summary>
    static abstract int OverheadBytes { get; }

    /// <summary>Elements, or <see cref="LengthColumn.Null"/>.</summary>
    static abstract int LengthOf(TSequence sequence);

    /// <summary>The elements; empty for null.</summary>
    static abstract ReadOnlySpan<TElement> ElementsOf(TSequence sequence);

    /// <summary>A collection of default elements.</summary>
    /// <param name="elements">Its elements, to be filled.</param>
    static abstract TSequence Create(int length, out Span<TElement> elements);
}

/// <summary>Arrays and what wraps one: a column of lengths, then all elements in runs.</summary>
internal sealed class SequenceCodec<TSequence, TElement, TShape>(RecordCodecBuilder builder) : RecordCodec<TSequence>
    where TShape : struct, ISequenceShape<TSequence, TElement>
{
    private const int ArrayHeaderBytes = 24;

    private readonly RecordCodec<TElement> _element = builder.Member<TElement>("[]");

    internal override string Shape => _element.Shape + TShape.Suffix;

    internal override int LeastBits => 8;

    public override void Encode(ReadOnlySpan<TSequence> values, RecordBuffer output)
    {
        using var scratch = new Scratch<int>(values.Length);
        var lengths = scratch.Span;
        for (var i = 0; i < values.Length; i++)
        {
            lengths[i] = TShape.LengthOf(values[i]);
        }

        LengthColumn.Encode(lengths, output);
        var runs = new ElementRunWriter<TElement>(_element, output);
        try
        {
            foreach (var value in values)
            {
                runs.Add(TShape.ElementsOf(value));
            }

            runs.Finish();
        }
        finally
        {
            runs.Dispose();
        }
    }

    public override void Decode(ref RecordInput input, scoped Span<TSequence> values)
    {
        using var scratch = new Scratch<int>(values.Length);
        var lengths = scratch.Span;
        var total = input.CheckCount(LengthColumn.Decode(ref input, lengths), _element.LeastBits);
        var runs = new ElementRunReader<TElement>(_element, total);
        try
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (lengths[i] == LengthColumn.Null)
                {
                    values[i] = default!;
                    continue;
                }

                values[i] = TShape.Create(lengths[i], out var elements);
                runs.Fill(ref input, elements);
            }
        }
        finally
        {
            runs.Dispose();
        }
    }

    internal override long HeapBytes(ReadOnlySpan<TSequence> values, int depth)
    {
        var bytes = 0L;
        foreach (var value in values)
        {
            if (TShape.LengthOf(value) == LengthColumn.Null)
            {
                continue;
            }

            var elements = TShape.ElementsOf(value);
            bytes += ArrayHeaderBytes + TShape.OverheadBytes + ((long)elements.Length * Unsafe.SizeOf<TElement>());
            bytes += _element.IsInline ? 0 : _element.HeapBytes(elements, depth);
        }

        return bytes;
    }
}

/// <summary>Arrays of one dimension that start at 0.</summary>
internal readonly struct ArrayShape<T> : ISequenceShape<T[]?, T>
{
    public static string Suffix => "[]";

    public static int OverheadBytes => 0;

    public static int LengthOf(T[]? sequence)
    {
        if (sequence is null)
        {
            return LengthColumn.Null;
        }

        // An array of references may really be an array of a derived type.
        if (!typeof(T).IsValueType && sequence.GetType() != typeof(T[]))
        {
            RecordErrors.ThrowDerived(typeof(T[]), sequence.GetType());
        }

        return sequence.Length;
    }

    public static ReadOnlySpan<T> ElementsOf(T[]? sequence) => sequence;

    public static T[] Create(int length, out Span<T> elements)
    {
        var array = length == 0 ? [] : new T[length];
        elements = array;
        return array;
    }
}

/// <summary>Lists. Spare capacity does not travel.</summary>
internal readonly struct ListShape<T> : ISequenceShape<List<T>?, T>
{
    public static string Suffix => "[]";

    public static int OverheadBytes => 32;

    public static int LengthOf(List<T>? sequence)
    {
        if (sequence is null)
        {
            return LengthColumn.Null;
        }

        if (sequence.GetType() != typeof(List<T>))
        {
            RecordErrors.ThrowDerived(typeof(List<T>), sequence.GetType());
        }

        return sequence.Count;
    }

    public static ReadOnlySpan<T> ElementsOf(List<T>? sequence) => CollectionsMarshal.AsSpan(sequence);

    public static List<T> Create(int length, out Span<T> elements)
    {
        var list = new List<T>(length);
        CollectionsMarshal.SetCount(list, length);
        elements = CollectionsMarshal.AsSpan(list);
        return list;
    }
}

/// <summary>Immutable arrays; the default one travels as null.</summary>
internal readonly struct ImmutableArrayShape<T> : ISequenceShape<ImmutableArray<T>, T>
{
    public static string Suffix => "[]";

    public static int OverheadBytes => 0;

    public static int LengthOf(ImmutableArray<T> sequence) => sequence.IsDefault ? LengthColumn.Null : sequence.Length;

    public static ReadOnlySpan<T> ElementsOf(ImmutableArray<T> sequence) => sequence.AsSpan();

    public static ImmutableArray<T> Create(int length, out Span<T> elements)
    {
        var array = new T[length];
        elements = array;
        return ImmutableCollectionsMarshal.AsImmutableArray(array);
    }
}
