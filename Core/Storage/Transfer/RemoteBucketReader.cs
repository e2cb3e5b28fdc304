using Dpark.Shuffle;

namespace Dpark.Storage.Transfer;

/// <summary>Buckets of another worker. Used by one thread.</summary>
internal sealed class RemoteBucketReader(AnswerReader answer, CancellationToken cancellationToken) : RemoteBuckets
{
    /// <inheritdoc/>
    public override BucketSource Next() => new Bucket(answer, Completed.Get(answer.NextAsync(blocking: true, cancellationToken)), cancellationToken);

    /// <inheritdoc/>
    public override void Dispose() => answer.Dispose();

    private sealed class Bucket(AnswerReader answer, long length, CancellationToken cancellationToken) : BucketSource
    {
        public override long Length => length;

        public override int Read(Memory<byte> buffer) => Completed.Get(answer.ReadAsync(buffer, blocking: true, cancellationToken));

        public override void Dispose()
        {
        }
    }
}
