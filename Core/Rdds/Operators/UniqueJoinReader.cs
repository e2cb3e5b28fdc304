using System.Runtime.CompilerServices;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>
/// Pairs the right side of a join with left pairs of which no key comes twice: a batch of the right side makes at most one batch of output. Then come the left pairs
/// that no right pair met. Used by the task's thread.
/// </summary>
/// <param name="left">Not owned.</param>
/// <param name="right">Owned.</param>
internal sealed class UniqueJoinReader<TKey, TLeft, TRight, TLeftOut, TRightOut>(
    NumberTable<TKey, TLeft> left,
    BatchReader<(TKey Key, TRight Value)> right,
    UnmatchedPairs unmatched,
    (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present,
    TaskContext context) : BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>
{
    // What is fetched for so many keys stays in the innermost cache until it is used.
    private const int FetchAheadKeys = 128;

    private readonly (TKey Key, (TLeftOut Left, TRightOut Right) Value)[] _output = new (TKey Key, (TLeftOut Left, TRightOut Right) Value)[BatchReader.Capacity];
    private readonly bool _keepsRight = (unmatched & UnmatchedPairs.Right) != 0;

    // By place; empty if nobody asks.
    private readonly bool[] _isMatched = (unmatched & UnmatchedPairs.Left) == 0 ? [] : new bool[left.PlaceCount];
    private int[]? _unmatchedPlaces;
    private int _unmatchedNext;

    public override ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Next()
    {
        while (_unmatchedPlaces is null)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            var input = right.Next();
            if (input.IsEmpty)
            {
                _unmatchedPlaces = ListUnmatched();
                break;
            }

            var count = PairAll(input);
            if (count > 0)
            {
                return _output.AsSpan(0, count);
            }
        }

        return NextUnmatched(_unmatchedPlaces);
    }

    protected override void Dispose(bool disposing)
    {
        right.Dispose();
        base.Dispose(disposing);
    }

    private int PairAll(ReadOnlySpan<(TKey Key, TRight Value)> input)
    {
        Span<int> places = stackalloc int[FetchAheadKeys];
        var count = 0;
        while (!input.IsEmpty)
        {
            var some = input[..Math.Min(input.Length, FetchAheadKeys)];
            input = input[some.Length..];
            if (left.Count == 0)
            {
                places.Fill(-1);
            }
            else if (left.Dense is { } dense)
            {
                FindDense(dense, some, places);
            }
            else
            {
                FindHashed(left, some, places);
            }

            count += Pair(some, places, _output.AsSpan(count));
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindDense(DenseTable<TKey, TLeft> dense, ReadOnlySpan<(TKey Key, TRight Value)> pairs, Span<int> places)
    {
        places = places[..pairs.Length];
        for (var i = 0; i < places.Length; i++)
        {
            var offset = dense.OffsetOf(pairs[i].Key);
            var place = offset < (ulong)dense.PlaceCount ? (int)offset : -1;
            places[i] = place;
            dense.FetchAhead(place);
        }

        for (var i = 0; i < places.Length; i++)
        {
            if (places[i] >= 0 && !dense.IsUsed(places[i]))
            {
                places[i] = -1;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindHashed(NumberTable<TKey, TLeft> table, ReadOnlySpan<(TKey Key, TRight Value)> pairs, Span<int> places)
    {
        places = places[..pairs.Length];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = table.PositionOf(pairs[i].Key);
            table.FetchAhead(places[i]);
        }

        for (var i = 0; i < places.Length; i++)
        {
            places[i] = table.PlaceOf(pairs[i].Key, places[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Pair(
        ReadOnlySpan<(TKey Key, TRight Value)> pairs, ReadOnlySpan<int> places, Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output)
    {
        places = places[..pairs.Length];
        output = output[..pairs.Length];
        var count = 0;
        for (var i = 0; i < places.Length; i++)
        {
            var place = places[i];
            if (place >= 0)
            {
                output[count++] = (pairs[i].Key, (present.Left(left.ValueAt(place)), present.Right(pairs[i].Value)));
                if (_isMatched.Length > 0)
                {
                    _isMatched[place] = true;
                }
            }
            else if (_keepsRight)
            {
                output[count++] = (pairs[i].Key, (default!, present.Right(pairs[i].Value)));
            }
        }

        return count;
    }

    private int[] ListUnmatched()
    {
        if (_isMatched.Length == 0)
        {
            return [];
        }

        var places = new int[left.Count];
        left.ListPlaces(places);
        return Array.FindAll(places, place => !_isMatched[place]);
    }

    private ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> NextUnmatched(int[] places)
    {
        var count = Math.Min(places.Length - _unmatchedNext, _output.Length);
        Span<TKey> keys = new TKey[count];
        left.ReadKeys(places.AsSpan(_unmatchedNext, count), keys);
        for (var i = 0; i < count; i++)
        {
            _output[i] = (keys[i], (present.Left(left.ValueAt(places[_unmatchedNext + i])), default!));
        }

        _unmatchedNext += count;
        return _output.AsSpan(0, count);
    }
}
