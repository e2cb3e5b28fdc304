using Dpark.Rdds;

namespace Dpark.Layers;

/// <summary>Pairs of a number with itself, from 0.</summary>
internal sealed class PairSource(long count) : BatchReader<(long Key, long Value)>
{
    private readonly (long Key, long Value)[] _batch = new (long Key, long Value)[BatchReader.Capacity];
    private long _next;

    public override ReadOnlySpan<(long Key, long Value)> Next()
    {
        var batch = _batch.AsSpan(0, (int)Math.Min(_batch.Length, count - _next));
        foreach (ref var pair in batch)
        {
            pair = (_next, _next);
            _next++;
        }

        return batch;
    }
}
