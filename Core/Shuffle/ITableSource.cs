namespace Dpark.Shuffle;

/// <summary>Readers whose pairs are in a table already, one per key: whoever looks them up by key needs no copy of them. Used by one thread.</summary>
internal interface ITableSource<TKey, TValue>
{
    /// <summary>The table with all pairs. Called before any was read, and then none is read.</summary>
    /// <returns>
    /// <see langword="null"/> if there is no such table; the pairs can be read as if nobody had asked. Else it belongs to the reader, and is there until that is disposed.
    /// </returns>
    NumberTable<TKey, TValue>? TryTakeTable();
}
