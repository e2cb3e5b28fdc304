using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>Reads one reader after the other, and disposes each at its end.</summary>
internal sealed class ChainedReader<T>(IEnumerable<BatchReader<T>> readers) : BatchReader<T>
{
    private readonly Queue<BatchReader<T>> _readers = new(readers);

    public override ReadOnlySpan<T> Next()
    {
        while (_readers.TryPeek(out var reader))
        {
            if (reader.Next() is { IsEmpty: false } batch)
            {
                return batch;
            }

            _readers.Dequeue().Dispose();
        }

        return default;
    }

    protected override void Dispose(bool disposing)
    {
        while (_readers.TryDequeue(out var reader))
        {
            reader.Dispose();
        }

        base.Dispose(disposing);
    }
}
