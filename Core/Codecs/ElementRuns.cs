using System.Buffers;
using System.Runtime.CompilerServices;

namespace Dpark.Codecs;

/// <summary>The elements of many collections in a row, encoded as columns of <see cref="Elements"/> each, the last one shorter.</summary>
/// <remarks>Bounds what is copied, and makes one column of many small collections. A column of fixed size needs no runs: its bytes are the same without.</remarks>
internal static class ElementRuns
{
    /// <summary>Elements of one run.</summary>
    public const int Elements = 4096;
}

/// <summary>Appends elements in runs. Used on the stack; <see cref="Finish"/> writes the last run.</summary>
internal ref struct ElementRunWriter<T>(RecordCodec<T> codec, RecordBuffer output)
{
    private T[]? _run;
    private int _count;

    /// <summary>Adds the elements of one collection.</summary>
    public void Add(scoped ReadOnlySpan<T> elements)
    {
        if (codec.FixedBytes != 0)
        {
            codec.Encode(elements, output);
            return;
        }

        while (!elements.IsEmpty)
        {
            if (_count == 0 && elements.Length >= ElementRuns.Elements)
            {
                codec.Encode(elements[..ElementRuns.Elements], output);
                elements = elements[ElementRuns.Elements..];
                continue;
            }

            _run ??= ArrayPool<T>.Shared.Rent(ElementRuns.Elements);
            var copied = Math.Min(elements.Length, ElementRuns.Elements - _count);
            elements[..copied].CopyTo(_run.AsSpan(_count));
            _count += copied;
            elements = elements[copied..];
            EncodeIfFull();
        }
    }

    /// <summary>Adds one element.</summary>
    public void Add(T element)
    {
        _run ??= ArrayPool<T>.Shared.Rent(ElementRuns.Elements);
        _run[_count++] = element;
        EncodeIfFull();
    }

    /// <summary>Writes the last run.</summary>
    public void Finish()
    {
        if (_count > 0)
        {
            codec.Encode(_run.AsSpan(0, _count), output);
            _count = 0;
        }
    }

    /// <summary>Gives the run's memory back.</summary>
    public void Dispose()
    {
        if (_run is not null)
        {
            ArrayPool<T>.Shared.Return(_run, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
            _run = null;
        }
    }

    private void EncodeIfFull()
    {
        if (_count == ElementRuns.Elements)
        {
            codec.Encode(_run.AsSpan(0, ElementRuns.Elements), output);
            _count = 0;
        }
    }
}

/// <summary>Reads what <see cref="ElementRunWriter{T}"/> wrote. Used on the stack.</summary>
/// <param name="total">All elements, checked against the input by the caller.</param>
internal ref struct ElementRunReader<T>(RecordCodec<T> codec, int total)
{
    private T[]? _run;
    private int _position;
    private int _runLength;
    private int _left = total;

    /// <summary>Reads the elements of one collection.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public void Fill(ref RecordInput input, scoped Span<T> elements)
    {
        if (codec.FixedBytes != 0)
        {
            codec.Decode(ref input, elements);
            return;
        }

        while (!elements.IsEmpty)
        {
            if (_position == _runLength)
            {
                if (elements.Length >= ElementRuns.Elements)
                {
                    codec.Decode(ref input, elements[..ElementRuns.Elements]);
                    _left -= ElementRuns.Elements;
                    elements = elements[ElementRuns.Elements..];
                    continue;
                }

                NextRun(ref input);
            }

            var copied = Math.Min(elements.Length, _runLength - _position);
            _run.AsSpan(_position, copied).CopyTo(elements);
            _position += copied;
            elements = elements[copied..];
        }
    }

    /// <summary>Reads one element.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public T Next(ref RecordInput input)
    {
        if (_position == _runLength)
        {
            NextRun(ref input);
        }

        return _run![_position++];
    }

    /// <summary>Gives the run's memory back.</summary>
    public void Dispose()
    {
        if (_run is not null)
        {
            ArrayPool<T>.Shared.Return(_run, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
            _run = null;
        }
    }

    private void NextRun(ref RecordInput input)
    {
        _runLength = Math.Min(_left, ElementRuns.Elements);
        _left -= _runLength;
        _position = 0;
        _run ??= ArrayPool<T>.Shared.Rent(ElementRuns.Elements);
        codec.Decode(ref input, _run.AsSpan(0, _runLength));
    }
}
