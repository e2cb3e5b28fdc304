using System.Runtime.InteropServices;

namespace Dpark.Rdds.Operators;

/// <summary>Numbers keys in the order in which they come, from 0. Null is a key like any other. Not thread-safe.</summary>
internal sealed class KeyTable<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, int> _indexes = [];
    private readonly List<TKey> _keys = [];
    private int _nullIndex = -1;

    public int Count => _keys.Count;

    /// <summary>The keys by number.</summary>
    public IReadOnlyList<TKey> Keys => _keys;

    /// <summary>The number of a key; a new one is <see cref="Count"/> as it was before.</summary>
    public int GetOrAdd(TKey key)
    {
        ref var index = ref _nullIndex;
        bool exists;
        if (key is null)
        {
            exists = _nullIndex >= 0;
        }
        else
        {
            index = ref CollectionsMarshal.GetValueRefOrAddDefault(_indexes, key, out exists);
        }

        if (!exists)
        {
            index = _keys.Count;
            _keys.Add(key!);
        }

        return index;
    }

    /// <summary>The number of a key, -1 if it is not there.</summary>
    public int Find(TKey key) => key is null ? _nullIndex : _indexes.TryGetValue(key, out var index) ? index : -1;
}
