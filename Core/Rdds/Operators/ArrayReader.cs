namespace Dpark.Rdds.Operators;

/// <summary>Reads elements that are in memory.</summary>
internal sealed class ArrayReader<T>(ReadOnlyMemory<T> elements) : BatchReader<T>
{
    private ReadOnlyMemory<T> _rest = elements;

    public override ReadOnlySpan<T> Next()
    {
        TryNextKept(out var batch);
        return batch.Span;
    }

    internal override bool TryNextKept(out ReadOnlyMemory<T> batch)
    {
        batch = _rest[..Math.Min(_rest.Length, BatchReader.Capacity)];
        _rest = _rest[batch.Length..];
        return true;
    }
}
