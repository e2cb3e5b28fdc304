using System.Runtime.CompilerServices;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Which side of a join is in the table.</summary>
internal interface ITableSide;

/// <summary>The table has the left side.</summary>
internal readonly struct TableIsLeft : ITableSide;

/// <summary>The table has the right side.</summary>
internal readonly struct TableIsRight : ITableSide;

/// <summary>
/// Pairs one side of a join, as it streams by, with the pairs of the other one in a table where no key comes twice: a batch makes at most one batch of output. Then
/// come the pairs of the table that none of the others met. Used by the task's thread.
/// </summary>
/// <param name="table">Not owned.</param>
/// <param name="stream">Owned.</param>
/// <param name="keeps">Whether pairs of either side are kept that have no partner.</param>
internal sealed partial class UniqueJoinReader<TKey, TTable, TStream, TTableOut, TStreamOut, TLeftOut, TRightOut, TSide>(
    NumberTable<TKey, TTable> table,
    BatchReader<(TKey Key, TStream Value)> stream,
    (bool Table, bool Stream) keeps,
    (Func<TTable, TTableOut> Table, Func<TStream, TStreamOut> Stream) present,
    TaskContext context) : BatchReader<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>, IElementFeed<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>
    where TSide : struct, ITableSide
{
    // What is fetched for so many keys stays in the innermost cache until it is used.
    private const int FetchAheadKeys = 128;

    private (TKey Key, (TLeftOut Left, TRightOut Right) Value)[] _output = BatchArrays.Rent<(TKey Key, (TLeftOut Left, TRightOut Right) Value)>(BatchReader.Capacity);

    // TTableOut is what the result has for the side of the table, and TStreamOut for the other one. Values are what they are where the result has the same type for them.
    private readonly bool _isTableSame = typeof(TTable) == typeof(TTableOut);
    private readonly bool _isStreamSame = typeof(TStream) == typeof(TStreamOut);

    // By place; empty if nobody asks.
    private readonly bool[] _isMatched = keeps.Table ? new bool[table.PlaceCount] : [];
    private int[]? _unmatchedPlaces;
    private int _unmatchedNext;

    // Where nothing is to be asked for each pair but its partner.
    private DenseTable<TKey, TTable>? PlainTable =>
        _isTableSame && _isStreamSame && _isMatched.Length == 0 && !keeps.Stream && table.Count > 0 ? table.Dense : null;

    // Where nobody has to wait for the table either.
    private DenseTable<TKey, TTable>? NearTable => PlainTable is { IsNear: true } near ? near : null;

    public override ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Next()
    {
        while (_unmatchedPlaces is null)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            var input = stream.Next();
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
        stream.Dispose();
        BatchArrays.Return(ref _output);
        BatchArrays.Return(ref _held);
        _rest = default;
        base.Dispose(disposing);
    }

    private int PairAll(ReadOnlySpan<(TKey Key, TStream Value)> input)
    {
        if (PlainTable is { } plain)
        {
            return plain.IsNear ? PairNear(plain, input, _output) : PairFar(plain, input, _output);
        }

        Span<int> places = stackalloc int[FetchAheadKeys];
        var count = 0;
        while (!input.IsEmpty)
        {
            var some = input[..Math.Min(input.Length, FetchAheadKeys)];
            input = input[some.Length..];
            if (table.Count == 0)
            {
                places.Fill(-1);
            }
            else if (table.Dense is { } dense)
            {
                FindDense(dense, some, places);
            }
            else
            {
                FindHashed(table, some, places);
            }

            count += PairAny(some, places, _output.AsSpan(count));
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindDense(DenseTable<TKey, TTable> dense, ReadOnlySpan<(TKey Key, TStream Value)> pairs, Span<int> places)
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
    private static void FindHashed(NumberTable<TKey, TTable> table, ReadOnlySpan<(TKey Key, TStream Value)> pairs, Span<int> places)
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

    /// <summary>As <see cref="PairAny"/>, where nothing is to be asked for each pair and nobody has to wait for the table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int PairNear(
        DenseTable<TKey, TTable> dense, ReadOnlySpan<(TKey Key, TStream Value)> pairs, Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output)
    {
        output = output[..pairs.Length];
        var count = 0;
        foreach (ref readonly var pair in pairs)
        {
            var offset = dense.OffsetOf(pair.Key);
            if (offset < (ulong)dense.PlaceCount && dense.IsUsed((int)offset))
            {
                var streamed = pair.Value;
                Prefetch.Object(in pair.Value);
                output[count++] = (pair.Key, InOrder(Unsafe.As<TTable, TTableOut>(ref dense.ValueAt((int)offset)), Unsafe.As<TStream, TStreamOut>(ref streamed)));
            }
        }

        return count;
    }

    /// <summary>As <see cref="PairNear"/>, of a table that has to be waited for. One of several passes has places for some of the keys, as good as at random, so nothing branches on that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int PairFar(
        DenseTable<TKey, TTable> dense, ReadOnlySpan<(TKey Key, TStream Value)> pairs, Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output)
    {
        Span<int> places = stackalloc int[FetchAheadKeys];
        Span<int> numbers = stackalloc int[FetchAheadKeys];
        var count = 0;
        while (!pairs.IsEmpty)
        {
            var some = pairs[..Math.Min(pairs.Length, FetchAheadKeys)];
            pairs = pairs[some.Length..];
            var found = FindUsed(dense, some, places, numbers);
            var results = output.Slice(count, found);
            for (var i = 0; i < results.Length; i++)
            {
                ref readonly var pair = ref some[numbers[i]];
                var streamed = pair.Value;
                Prefetch.Object(in pair.Value);
                results[i] = (pair.Key, InOrder(Unsafe.As<TTable, TTableOut>(ref dense.ValueAt(places[i])), Unsafe.As<TStream, TStreamOut>(ref streamed)));
            }

            count += found;
        }

        return count;
    }

    /// <summary>Lists the pairs that have a partner, and asks for that.</summary>
    /// <param name="places">Where the partners are.</param>
    /// <param name="numbers">Of the pairs.</param>
    /// <returns>How many there are.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindUsed(DenseTable<TKey, TTable> dense, ReadOnlySpan<(TKey Key, TStream Value)> pairs, Span<int> places, Span<int> numbers)
    {
        places = places[..pairs.Length];
        numbers = numbers[..pairs.Length];
        var inside = 0;
        for (var i = 0; i < pairs.Length; i++)
        {
            var offset = dense.OffsetOf(pairs[i].Key);
            places[inside] = (int)offset;
            numbers[inside] = i;
            inside += Unsafe.BitCast<bool, byte>(offset < (ulong)dense.PlaceCount);
        }

        for (var i = 0; i < inside; i++)
        {
            dense.FetchAhead(places[i]);
        }

        var found = 0;
        for (var i = 0; i < inside; i++)
        {
            var place = places[i];
            places[found] = place;
            numbers[found] = numbers[i];
            found += Unsafe.BitCast<bool, byte>(dense.IsUsed(place));
        }

        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int PairAny(
        ReadOnlySpan<(TKey Key, TStream Value)> pairs, ReadOnlySpan<int> places, Span<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> output)
    {
        places = places[..pairs.Length];
        output = output[..pairs.Length];
        var count = 0;
        for (var i = 0; i < places.Length; i++)
        {
            var place = places[i];
            if (place >= 0)
            {
                output[count++] = (pairs[i].Key, InOrder(OfTable(table.ValueAt(place)), OfStream(pairs[i].Value)));
                if (_isMatched.Length > 0)
                {
                    _isMatched[place] = true;
                }
            }
            else if (keeps.Stream)
            {
                output[count++] = (pairs[i].Key, InOrder(default!, OfStream(pairs[i].Value)));
            }
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TLeftOut Left, TRightOut Right) InOrder(TTableOut found, TStreamOut streamed) => typeof(TSide) == typeof(TableIsLeft)
        ? (Unsafe.As<TTableOut, TLeftOut>(ref found), Unsafe.As<TStreamOut, TRightOut>(ref streamed))
        : (Unsafe.As<TStreamOut, TLeftOut>(ref streamed), Unsafe.As<TTableOut, TRightOut>(ref found));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TTableOut OfTable(TTable value) => _isTableSame ? Unsafe.As<TTable, TTableOut>(ref value) : present.Table(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TStreamOut OfStream(TStream value) => _isStreamSame ? Unsafe.As<TStream, TStreamOut>(ref value) : present.Stream(value);

    private int[] ListUnmatched()
    {
        if (_isMatched.Length == 0)
        {
            return [];
        }

        var places = new int[table.Count];
        table.ListPlaces(places);
        return Array.FindAll(places, place => !_isMatched[place]);
    }

    private ReadOnlySpan<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> NextUnmatched(int[] places)
    {
        var count = Math.Min(places.Length - _unmatchedNext, BatchReader.Capacity);
        Span<TKey> keys = new TKey[count];
        table.ReadKeys(places.AsSpan(_unmatchedNext, count), keys);
        for (var i = 0; i < count; i++)
        {
            _output[i] = (keys[i], InOrder(OfTable(table.ValueAt(places[_unmatchedNext + i])), default!));
        }

        _unmatchedNext += count;
        return _output.AsSpan(0, count);
    }
}
