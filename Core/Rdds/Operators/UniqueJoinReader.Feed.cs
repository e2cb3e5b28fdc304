using System.Runtime.CompilerServices;
using Dpark.Shuffle;

namespace Dpark.Rdds.Operators;

// Pairs that go to the next operator as they are made.
internal sealed partial class UniqueJoinReader<TKey, TTable, TStream, TTableOut, TStreamOut, TLeftOut, TRightOut, TSide>
{
    // Far enough for memory that is in no cache.
    private const int FetchAheadPairs = 16;

    // Of the stream, what there was no room for: in the memory of the stream, or in this one.
    private ReadOnlyMemory<(TKey Key, TStream Value)> _rest;
    private (TKey Key, TStream Value)[] _held = [];

    /// <inheritdoc/>
    public FeedResult Feed<TOut>(
        Action<(TKey Key, (TLeftOut Left, TRightOut Right) Value), Emitter<TOut>> expand, Emitter<TOut> emitter, CallSite callSite, ref RunPacer pacer)
    {
        if (NearTable is not { } near)
        {
            return FeedResult.Unable;
        }

        context.CancellationToken.ThrowIfCancellationRequested();
        var input = _rest.Span;
        var isKept = true;
        if (input.IsEmpty)
        {
            isKept = stream.TryNextKept(out _rest);
            input = isKept ? _rest.Span : stream.Next();
            if (input.IsEmpty)
            {
                return FeedResult.Ended;
            }

            foreach (ref readonly var pair in input[..Math.Min(input.Length, FetchAheadPairs)])
            {
                Prefetch.Object(in pair.Value);
            }
        }

        context.RunningOperator = callSite;
        var taken = FeedNear(near, input, expand, emitter, ref pacer);
        _rest = isKept ? _rest[taken..] : Hold(input[taken..]);
        return FeedResult.Fed;
    }

    private ReadOnlyMemory<(TKey Key, TStream Value)> Hold(ReadOnlySpan<(TKey Key, TStream Value)> rest)
    {
        if (_held.Length < rest.Length)
        {
            BatchArrays.Return(ref _held);
            _held = BatchArrays.Rent<(TKey Key, TStream Value)>(BatchReader.Capacity);
        }

        rest.CopyTo(_held);
        return _held.AsMemory(0, rest.Length);
    }

    /// <summary>As <see cref="PairNear"/>.</summary>
    /// <returns>How many pairs of the stream were taken.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FeedNear<TOut>(
        DenseTable<TKey, TTable> dense, ReadOnlySpan<(TKey Key, TStream Value)> pairs,
        Action<(TKey Key, (TLeftOut Left, TRightOut Right) Value), Emitter<TOut>> expand, Emitter<TOut> emitter, ref RunPacer pacer)
    {
        var next = 0;
        while (next < pairs.Length && emitter.Count < BatchReader.Capacity)
        {
            for (var end = pacer.EndOfRun(next, pairs.Length); next < end && emitter.Count < BatchReader.Capacity; next++)
            {
                Prefetch.Object(in pairs[Math.Min(next + FetchAheadPairs, pairs.Length - 1)].Value);
                var offset = dense.OffsetOf(pairs[next].Key);
                if (offset < (ulong)dense.PlaceCount && dense.IsUsed((int)offset))
                {
                    var streamed = pairs[next].Value;
                    expand((pairs[next].Key, InOrder(Unsafe.As<TTable, TTableOut>(ref dense.ValueAt((int)offset)), Unsafe.As<TStream, TStreamOut>(ref streamed))), emitter);
                }
            }
        }

        return next;
    }
}
