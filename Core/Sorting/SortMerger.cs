using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>
/// Merges sorted runs into one: by key, then by map task, then by run, so that equal keys are in the parent's order. Memory is a batch per run. Used by one thread.
/// </summary>
internal sealed class SortMerger<T, TKey> : BatchReader<(long Key, T Value)>
{
    private readonly SortOrder<T, TKey> _order;
    private readonly Cursor[] _cursors;
    private readonly (long Key, T Value)[] _output = new (long Key, T Value)[BatchReader.Capacity];

    // A binary heap of cursors, the least at the root.
    private readonly List<Cursor> _heap = [];

    // Stands at the root and has used up its batch. What it gave may borrow from memory that its next batch needs, so the output goes first.
    private Cursor? _empty;
    private bool _isOpen;

    /// <param name="runs">Opened by arenas that belong to the merger; disposed with it.</param>
    public SortMerger(SortOrder<T, TKey> order, IReadOnlyList<Func<ByteArena, BatchReader<(long Key, T Value)>>> runs)
    {
        _order = order;
        _cursors = [.. runs.Select((open, index) => new Cursor(open, order, index))];
    }

    public override ReadOnlySpan<(long Key, T Value)> Next()
    {
        if (!_isOpen)
        {
            Open();
        }

        if (_empty is not null)
        {
            if (!_empty.TryFill())
            {
                _heap[0] = _heap[^1];
                _heap.RemoveAt(_heap.Count - 1);
            }

            _empty = null;
            SiftDown(0);
        }

        var count = 0;
        while (count < _output.Length && _heap.Count > 0)
        {
            var first = _heap[0];
            _output[count++] = first.Pair;
            if (!first.TryMoveNext())
            {
                _empty = first;
                break;
            }

            SiftDown(0);
        }

        return _output.AsSpan(0, count);
    }

    protected override void Dispose(bool disposing)
    {
        Array.ForEach(_cursors, cursor => cursor.Dispose());
        base.Dispose(disposing);
    }

    private void Open()
    {
        _isOpen = true;
        _heap.AddRange(_cursors.Where(cursor => cursor.TryFill()));
        for (var i = (_heap.Count / 2) - 1; i >= 0; i--)
        {
            SiftDown(i);
        }
    }

    private void SiftDown(int index)
    {
        if (index >= _heap.Count)
        {
            return;
        }

        var cursor = _heap[index];
        while (true)
        {
            var child = (2 * index) + 1;
            if (child >= _heap.Count)
            {
                break;
            }

            if (child + 1 < _heap.Count && IsBefore(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!IsBefore(_heap[child], cursor))
            {
                break;
            }

            _heap[index] = _heap[child];
            index = child;
        }

        _heap[index] = cursor;
    }

    private bool IsBefore(Cursor left, Cursor right)
    {
        if (left.Prefix != right.Prefix)
        {
            return left.Prefix < right.Prefix;
        }

        if (_order.NeedsKeys)
        {
            var compared = _order.KeyComparer.Compare(left.Key, right.Key);
            if (compared != 0)
            {
                return _order.IsDescending ? compared > 0 : compared < 0;
            }
        }

        var (leftMap, rightMap) = (BucketPartitioner.TagOf(left.Pair.Key), BucketPartitioner.TagOf(right.Pair.Key));
        return leftMap != rightMap ? leftMap < rightMap : left.Index < right.Index;
    }

    /// <summary>Stands on one element of a run.</summary>
    private sealed class Cursor(Func<ByteArena, BatchReader<(long Key, T Value)>> open, SortOrder<T, TKey> order, int index) : IDisposable
    {
        private readonly ByteArena _arena = new();
        private (long Key, T Value)[] _pairs = [];
        private TKey[] _keys = [];
        private ulong[] _prefixes = [];
        private BatchReader<(long Key, T Value)>? _run;
        private int _position;
        private int _count;

        public int Index => index;

        public (long Key, T Value) Pair => _pairs[_position];

        public TKey Key => _keys[_position];

        public ulong Prefix => _prefixes[_position];

        public bool TryMoveNext() => ++_position < _count;

        public bool TryFill()
        {
            _run ??= open(_arena);
            _arena.Recycle();
            var pairs = _run.Next();
            if (_pairs.Length < pairs.Length)
            {
                _pairs = new (long Key, T Value)[pairs.Length];
                _keys = new TKey[pairs.Length];
                _prefixes = new ulong[pairs.Length];
            }

            pairs.CopyTo(_pairs);
            for (var i = 0; i < pairs.Length; i++)
            {
                _keys[i] = order.KeySelector(pairs[i].Value);
            }

            order.GetPrefixes(_keys.AsSpan(0, pairs.Length), _prefixes.AsSpan(0, pairs.Length));
            _position = 0;
            _count = pairs.Length;
            return _count > 0;
        }

        public void Dispose()
        {
            _run?.Dispose();
            _arena.Dispose();
        }
    }
}
