namespace Dpark.Rdds;

/// <summary>Constants of <see cref="BatchReader{T}"/>.</summary>
public static class BatchReader
{
    /// <summary>Most elements of one batch.</summary>
    public const int Capacity = 1024;
}

/// <summary>Pulls the elements of one partition in batches: one virtual call per batch, none per element. Used by one thread.</summary>
/// <remarks>A reader owns what it reads from and is disposed by whoever opened it, also when the end was not reached.</remarks>
public abstract class BatchReader<T> : IDisposable
{
    /// <summary>Reads the next batch.</summary>
    /// <returns>
    /// From 1 to <see cref="BatchReader.Capacity"/> elements in order, valid until the next call; empty at the end, and then on every further call.
    /// </returns>
    public abstract ReadOnlySpan<T> Next();

    /// <summary>As <see cref="Next"/>, where the elements are in memory that stays as it is until the reader is disposed: nobody has to copy what he does not use at once.</summary>
    /// <returns><see langword="false"/> if they are not; then nothing was read.</returns>
    internal virtual bool TryNextKept(out ReadOnlyMemory<T> batch)
    {
        batch = default;
        return false;
    }

    /// <summary>Closes files and connections and returns buffers. May be called twice.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what the reader holds. The default does nothing.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
