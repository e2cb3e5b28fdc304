using System.Runtime.InteropServices;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Makes one value of all values of a key.</summary>
/// <param name="values">At least 2.</param>
internal delegate TValue MergeValues<TValue>(ReadOnlySpan<TValue> values);

/// <summary>
/// Merges runs, each sorted by the stable hash of its keys, into one stream with one pair per key, sorted the same way. Keys with equal hashes are told apart by
/// their equality. Memory is a batch per run and the pairs of one hash. Used by one thread.
/// </summary>
/// <param name="runs">Disposed with the merger.</param>
internal sealed class RunMerger<TKey, TValue>(IReadOnlyList<BatchReader<(TKey Key, TValue Value)>> runs, MergeValues<TValue> merge)
    : BatchReader<(TKey Key, TValue Value)>
{
    private readonly PriorityQueue<Cursor, ulong> _cursors = new(runs.Count);
    private readonly (TKey Key, TValue Value)[] _output = new (TKey, TValue)[BatchReader.Capacity];

    // The pairs of one hash that were not written yet, and the values of one key of them.
    private readonly List<(TKey Key, TValue Value)> _group = [];
    private readonly List<TValue> _values = [];
    private bool _isOpen;

    public override ReadOnlySpan<(TKey Key, TValue Value)> Next()
    {
        if (!_isOpen)
        {
            Open();
        }

        var count = 0;
        while (count < _output.Length)
        {
            if (_group.Count > 0)
            {
                _output[count++] = TakeKey();
            }
            else if (_cursors.TryDequeue(out var cursor, out var hash))
            {
                _output[count++] = TakeHash(cursor, hash);
            }
            else
            {
                break;
            }
        }

        return _output.AsSpan(0, count);
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var run in runs)
        {
            run.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Open()
    {
        _isOpen = true;
        foreach (var run in runs)
        {
            var cursor = new Cursor(run);
            if (cursor.TryFill())
            {
                _cursors.Enqueue(cursor, cursor.Hash);
            }
        }
    }

    // Most hashes have one key in one run and need no group.
    private (TKey Key, TValue Value) TakeHash(Cursor cursor, ulong hash)
    {
        var first = cursor.Pair;
        var isAlone = Advance(cursor, hash) && !(_cursors.TryPeek(out _, out var nextHash) && nextHash == hash);
        if (isAlone)
        {
            return first;
        }

        _group.Add(first);
        while (_cursors.TryPeek(out var next, out var nextOfAll) && nextOfAll == hash)
        {
            _cursors.Dequeue();
            _group.Add(next.Pair);
            Advance(next, hash);
        }

        return TakeKey();
    }

    // Puts the cursor back behind the pair that was taken. Says whether its next pair has another hash.
    private bool Advance(Cursor cursor, ulong hash)
    {
        if (!cursor.TryMoveNext())
        {
            return true;
        }

        if (cursor.Hash < hash)
        {
            throw new InvalidDataException("A spilled run is not sorted. Its file is damaged.");
        }

        _cursors.Enqueue(cursor, cursor.Hash);
        return cursor.Hash != hash;
    }

    // Takes all pairs of the first key out of the group.
    private (TKey Key, TValue Value) TakeKey()
    {
        var key = _group[0].Key;
        _values.Clear();
        var left = 0;
        for (var i = 0; i < _group.Count; i++)
        {
            if (EqualityComparer<TKey>.Default.Equals(_group[i].Key, key))
            {
                _values.Add(_group[i].Value);
            }
            else
            {
                _group[left++] = _group[i];
            }
        }

        _group.RemoveRange(left, _group.Count - left);
        return (key, _values.Count == 1 ? _values[0] : merge(CollectionsMarshal.AsSpan(_values)));
    }

    /// <summary>Stands on one pair of a run.</summary>
    private sealed class Cursor(BatchReader<(TKey Key, TValue Value)> run)
    {
        private readonly (TKey Key, TValue Value)[] _pairs = new (TKey, TValue)[BatchReader.Capacity];
        private readonly TKey[] _keys = new TKey[BatchReader.Capacity];
        private readonly ulong[] _hashes = new ulong[BatchReader.Capacity];
        private int _position;
        private int _count;

        public (TKey Key, TValue Value) Pair => _pairs[_position];

        public ulong Hash => _hashes[_position];

        public bool TryMoveNext() => ++_position < _count || TryFill();

        public bool TryFill()
        {
            var pairs = run.Next();
            pairs.CopyTo(_pairs);
            for (var i = 0; i < pairs.Length; i++)
            {
                _keys[i] = pairs[i].Key;
            }

            StableHasher<TKey>.Default.Hash(_keys.AsSpan(0, pairs.Length), _hashes);
            _position = 0;
            _count = pairs.Length;
            return _count > 0;
        }
    }
}
