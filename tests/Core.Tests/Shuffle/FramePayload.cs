using Dpark.Codecs;

namespace Dpark.Shuffle;

/// <summary>Dense frames as a reader gets them.</summary>
internal static class FramePayload
{
    /// <summary>All pairs of a table, at least one, in one frame.</summary>
    public static byte[] Of<TKey, TValue>(DenseTable<TKey, TValue> table)
    {
        using var values = new RecordBuffer();
        using var output = new RecordBuffer();
        var used = table.Used;
        var first = used.IndexOfAnyExcept(0UL);
        DenseFrame<TKey, TValue>.Append(table, used[first..(used.LastIndexOfAnyExcept(0UL) + 1)], first, values, output);
        byte[] wide = [];
        return DenseFrame<TKey, TValue>.Widen(output.WrittenMemory, ref wide).ToArray();
    }
}
