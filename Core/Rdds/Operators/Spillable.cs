using Dpark.Codecs;
using Dpark.Partitioning;

namespace Dpark.Rdds.Operators;

/// <summary>What the engine can do with pairs of some types beyond holding them. Pairs that were shuffled can do everything; those that are read in place may be of any type.</summary>
internal static class Spillable<TKey, TValue>
{
    /// <summary>Whether they can be written to disk and put in order by hash.</summary>
    public static readonly bool IsSupported = Check();

    /// <summary>Memory of what keys and values refer to; 0 if that cannot be known.</summary>
    public static long HeapBytes(ReadOnlySpan<TKey> keys, ReadOnlySpan<TValue> values) => IsSupported
        ? RecordCodec<TKey>.Default.HeapBytes(keys, depth: 0) + RecordCodec<TValue>.Default.HeapBytes(values, depth: 0)
        : 0;

    /// <summary>Whether there is such memory.</summary>
    public static bool HasHeapBytes => IsSupported && !(RecordCodec<TKey>.Default.IsInline && RecordCodec<TValue>.Default.IsInline);

    private static bool Check()
    {
        try
        {
            return RecordCodec<(TKey Key, TValue Value)>.Default is not null && StableHasher<TKey>.Default is not null;
        }
        catch (Exception e) when (e is UnsupportedRecordTypeException or UnsupportedKeyTypeException)
        {
            return false;
        }
    }
}
