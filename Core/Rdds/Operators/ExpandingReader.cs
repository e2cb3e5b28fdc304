using System.Runtime.InteropServices;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>
/// Turns each input element into any number of output elements. Arrays and lists are copied as spans; other sequences are enumerated, lazily, so that
/// one element may become more than fits in memory.
/// </summary>
/// <remarks>A batch that becomes more elements than an output batch holds is kept, and expanded over several calls.</remarks>
internal abstract class ExpandingReader<TIn, TItem, TOut>(BatchReader<TIn> source, CallSite callSite, TaskContext context)
    : OperatorReader<TIn, TOut>(source, callSite, context)
{
    private readonly CallSite _callSite = callSite;

    // Input that the output had no room for.
    private TIn[] _held = [];
    private int _heldNext;
    private int _heldEnd;

    // What is left of the expansion of _current; at most one of the three is set.
    private TIn _current = default!;
    private TItem[]? _array;
    private List<TItem>? _list;
    private IEnumerator<TItem>? _sequence;
    private int _next;

    // Sequences are often short, so the pace is taken across them.
    private int _untilPace;

    public override ReadOnlySpan<TOut> Next()
    {
        var output = Output(BatchReader.Capacity);
        Context.RunningOperator = _callSite;
        var count = Continue(output);
        while (count < output.Length)
        {
            if (_heldNext < _heldEnd)
            {
                var taken = _heldNext;
                count = ExpandAll(_held.AsSpan(_heldNext, _heldEnd - _heldNext), output, count, ref taken);
                _heldNext = taken;
            }
            else if (count > 0)
            {
                break;
            }
            else
            {
                var input = Pull();
                if (input.IsEmpty)
                {
                    break;
                }

                var taken = 0;
                count = ExpandAll(input, output, 0, ref taken);
                Hold(input[taken..]);
            }
        }

        return output[..count];
    }

    /// <summary>Calls the user's function.</summary>
    protected abstract IEnumerable<TItem>? Expand(TIn element);

    /// <summary>Makes an output element of one item of the expansion of <paramref name="element"/>.</summary>
    protected abstract TOut Emit(TIn element, TItem item);

    /// <summary>As <see cref="Emit(TIn, TItem)"/>, for many.</summary>
    protected abstract void Emit(TIn element, ReadOnlySpan<TItem> items, Span<TOut> output);

    protected override void Dispose(bool disposing)
    {
        _sequence?.Dispose();
        _sequence = null;
        base.Dispose(disposing);
    }

    /// <summary>Expands elements until the output is full.</summary>
    /// <param name="taken">Incremented for each element whose expansion was begun.</param>
    /// <returns>The new number of output elements.</returns>
    private int ExpandAll(ReadOnlySpan<TIn> input, Span<TOut> output, int count, ref int taken)
    {
        for (var i = 0; i < input.Length && count < output.Length;)
        {
            for (var end = Pacer.EndOfRun(i, input.Length); i < end && count < output.Length; i++)
            {
                taken++;
                _current = input[i];
                switch (Expand(_current))
                {
                    case TItem[] array:
                        _array = array;
                        _next = 0;
                        break;
                    case List<TItem> list:
                        _list = list;
                        _next = 0;
                        break;
                    case null:
                        throw new InvalidOperationException(
                            $"The function of {_callSite} returned null for an element. Return an empty sequence if there is nothing to emit.");
                    case var sequence:
                        _sequence = sequence.GetEnumerator();
                        break;
                }

                count += Continue(output[count..]);
            }
        }

        return count;
    }

    /// <summary>Emits what is left of the current expansion, as far as there is room.</summary>
    private int Continue(Span<TOut> output)
    {
        if (_array is not null)
        {
            var count = EmitSome(new ReadOnlySpan<TItem>(_array), output, out var isDone);
            _array = isDone ? null : _array;
            return count;
        }

        if (_list is not null)
        {
            var count = EmitSome(CollectionsMarshal.AsSpan(_list), output, out var isDone);
            _list = isDone ? null : _list;
            return count;
        }

        return _sequence is null ? 0 : Enumerate(_sequence, output);
    }

    private int EmitSome(ReadOnlySpan<TItem> items, Span<TOut> output, out bool isDone)
    {
        var rest = items[_next..];
        isDone = rest.Length <= output.Length;
        var some = isDone ? rest : rest[..output.Length];
        Emit(_current, some, output);
        _next += some.Length;
        return some.Length;
    }

    private int Enumerate(IEnumerator<TItem> sequence, Span<TOut> output)
    {
        for (var count = 0; count < output.Length; count++)
        {
            if (_untilPace-- == 0)
            {
                _untilPace = Pacer.EndOfRun(0, BatchReader.Capacity) - 1;
            }

            if (!sequence.MoveNext())
            {
                _sequence = null;
                sequence.Dispose();
                return count;
            }

            output[count] = Emit(_current, sequence.Current);
        }

        return output.Length;
    }

    private void Hold(ReadOnlySpan<TIn> rest)
    {
        if (_held.Length < rest.Length)
        {
            _held = new TIn[BatchReader.Capacity];
        }

        rest.CopyTo(_held);
        _heldNext = 0;
        _heldEnd = rest.Length;
    }
}
