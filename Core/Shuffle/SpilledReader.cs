using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Reads a spill file with one bucket. Used by one thread.</summary>
/// <param name="file">Disposed with the reader.</param>
internal sealed class SpilledReader<T>(SpillFile file) : BatchReader<T>
{
    private readonly BucketReader<T> _records = new(file.Open(0));

    public override ReadOnlySpan<T> Next() => _records.Next();

    protected override void Dispose(bool disposing)
    {
        _records.Dispose();
        file.Dispose();
        base.Dispose(disposing);
    }
}
