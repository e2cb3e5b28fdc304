using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Operators;

/// <summary>Replaces each element by the parts of a text that a function makes of it, which are found straight into the output. Narrow.</summary>
internal sealed class SplitRdd<T>(Rdd<T> parent, Func<T, Utf8Split> expand, CallSite callSite) : NarrowRdd<T, Utf8Text>(parent, callSite)
{
    protected override BatchReader<Utf8Text> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), expand, CallSite, context);

    private sealed class Reader(BatchReader<T> source, Func<T, Utf8Split> expand, CallSite callSite, TaskContext context)
        : OperatorReader<T, Utf8Text>(source, callSite, context)
    {
        private readonly CallSite _callSite = callSite;

        // Input that the output had no room for.
        private T[] _held = [];
        private int _heldNext;
        private int _heldEnd;

        // What is left of one element's parts; nothing if the position is negative.
        private Utf8Split _current;
        private int _position = -1;

        public override ReadOnlySpan<Utf8Text> Next()
        {
            var output = Output(BatchReader.Capacity);
            Context.RunningOperator = _callSite;
            var count = _position < 0 ? 0 : _current.Fill(ref _position, output);
            if (_heldNext < _heldEnd && count < output.Length)
            {
                _heldNext += Expand(_held.AsSpan(_heldNext, _heldEnd - _heldNext), output, ref count);
            }

            while (count == 0)
            {
                var input = Pull();
                if (input.IsEmpty)
                {
                    break;
                }

                Hold(input[Expand(input, output, ref count)..]);
            }

            return output[..count];
        }

        /// <summary>Expands elements until the output is full.</summary>
        /// <returns>How many elements were begun.</returns>
        private int Expand(ReadOnlySpan<T> input, Span<Utf8Text> output, ref int count)
        {
            var i = 0;
            while (i < input.Length && count < output.Length)
            {
                for (var end = Pacer.EndOfRun(i, input.Length); i < end && count < output.Length; i++)
                {
                    var parts = expand(input[i]);
                    var position = 0;
                    count += parts.Fill(ref position, output[count..]);
                    if (position >= 0)
                    {
                        _current = parts;
                        _position = position;
                    }
                }
            }

            return i;
        }

        private void Hold(ReadOnlySpan<T> rest)
        {
            if (_held.Length < rest.Length)
            {
                _held = new T[rest.Length];
            }

            rest.CopyTo(_held);
            _heldNext = 0;
            _heldEnd = rest.Length;
        }
    }
}
