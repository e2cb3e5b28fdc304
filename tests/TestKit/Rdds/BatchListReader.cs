using Dpark.Rdds;

namespace Dpark.TestKit.Rdds;

/// <summary>Reads given batches; those without elements are skipped.</summary>
public sealed class BatchListReader<T>(IEnumerable<T[]> batches) : BatchReader<T>
{
    private readonly Queue<T[]> _batches = new(batches.Where(batch => batch.Length > 0));

    /// <summary>Whether the reader was disposed.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>Cuts elements into full batches.</summary>
    public static BatchListReader<T> Of(IEnumerable<T> elements) => new(elements.Chunk(BatchReader.Capacity));

    /// <inheritdoc/>
    public override ReadOnlySpan<T> Next() => _batches.TryDequeue(out var batch) ? batch : default;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
