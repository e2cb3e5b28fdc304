namespace Dpark.Shuffle;

/// <summary>Asks one worker for one bucket, or several neighbours, of several of its map outputs.</summary>
/// <param name="Outputs">Map index and attempt of each, in the order in which the buckets shall come.</param>
internal sealed record BucketRequest(ShuffleId Shuffle, BucketRange Buckets, (int MapIndex, int Attempt)[] Outputs);

/// <summary>Buckets that come from another worker in one stream. Used by one thread.</summary>
internal abstract class RemoteBuckets : IDisposable
{
    /// <summary>Opens the next bucket, in the order asked for. The one before must have been read to its end.</summary>
    /// <exception cref="IOException">The worker cannot be reached, or does not have it.</exception>
    public abstract BucketSource Next();

    /// <summary>Ends the request.</summary>
    public abstract void Dispose();
}
