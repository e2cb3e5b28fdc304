using Dpark.Shuffle;

namespace Dpark.Rdds.Operators;

/// <summary>Reads pairs that were put into one bucket. Used by one thread.</summary>
/// <param name="pairs">Disposed with the reader.</param>
internal sealed class SpreadReader<TKey, TValue>(ISpreadPairs<TKey, TValue> pairs) : BatchReader<(TKey Key, TValue Value)>
{
    private readonly BatchReader<(TKey Key, TValue Value)> _reader = pairs.Open(0);

    public override ReadOnlySpan<(TKey Key, TValue Value)> Next() => _reader.Next();

    protected override void Dispose(bool disposing)
    {
        _reader.Dispose();
        pairs.Dispose();
        base.Dispose(disposing);
    }
}
