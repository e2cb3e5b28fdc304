using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Replaces each element by those that a function adds to an emitter. Narrow.</summary>
internal sealed class EmittedRdd<TIn, TOut>(Rdd<TIn> parent, Action<TIn, Emitter<TOut>> expand, CallSite callSite) : NarrowRdd<TIn, TOut>(parent, callSite)
{
    private protected override bool IsElementWise => true;

    protected override BatchReader<TOut> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), expand, CallSite, context);

    /// <summary>Gives out what was emitted a batch at a time. All of it comes from one input batch, so that it may borrow what that one refers to.</summary>
    private sealed class Reader(BatchReader<TIn> source, Action<TIn, Emitter<TOut>> expand, CallSite callSite, TaskContext context)
        : OperatorReader<TIn, TOut>(source, callSite, context)
    {
        private readonly CallSite _callSite = callSite;
        private readonly IElementFeed<TIn>? _feed = source as IElementFeed<TIn>;
        private readonly Emitter<TOut> _emitter = new();
        private int _returned;

        // The input batch: elements are expanded only as far as there is room for what becomes of them.
        private TIn[] _input = [];
        private int _inputNext;
        private int _inputEnd;

        public override ReadOnlySpan<TOut> Next()
        {
            Context.RunningOperator = _callSite;
            while (_returned == _emitter.Count)
            {
                if (!TryExpand())
                {
                    return default;
                }
            }

            var items = _emitter.Items[_returned..];
            items = items[..Math.Min(items.Length, BatchReader.Capacity)];
            _returned += items.Length;
            return items;
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            _emitter.Dispose();
            BatchArrays.Return(ref _input);
            (_returned, _inputNext, _inputEnd) = (0, 0, 0);
        }

        /// <returns><see langword="false"/> at the end.</returns>
        private bool TryExpand()
        {
            _emitter.Clear();
            _returned = 0;
            if (_inputNext == _inputEnd)
            {
                var fed = _feed?.Feed(expand, _emitter, _callSite, ref Pacer) ?? FeedResult.Unable;
                if (fed != FeedResult.Unable)
                {
                    return fed == FeedResult.Fed;
                }

                if (!TryPull())
                {
                    return false;
                }
            }

            ExpandSome();
            return true;
        }

        private bool TryPull()
        {
            var batch = Pull();
            if (_input.Length < batch.Length)
            {
                BatchArrays.Return(ref _input);
                _input = BatchArrays.Rent<TIn>(batch.Length);
            }

            batch.CopyTo(_input);
            _inputNext = 0;
            _inputEnd = batch.Length;
            return !batch.IsEmpty;
        }

        private void ExpandSome()
        {
            var input = _input.AsSpan(0, _inputEnd);
            var (next, function, emitter) = (_inputNext, expand, _emitter);
            while (next < input.Length && emitter.Count < BatchReader.Capacity)
            {
                for (var end = Pacer.EndOfRun(next, input.Length); next < end && emitter.Count < BatchReader.Capacity; next++)
                {
                    function(input[next], emitter);
                }
            }

            _inputNext = next;
        }
    }
}
