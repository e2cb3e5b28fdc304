namespace Dpark.Storage.Transfer;

/// <summary>A block of another worker as a stream, from its start to its end. Used by one caller at a time.</summary>
/// <param name="opened">Given when it was opened; ends every read.</param>
internal sealed class BlockStream(AnswerReader answer, CancellationToken opened) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => answer.Length;

    public override long Position
    {
        get => answer.Length - answer.Remaining;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        Completed.Get(answer.ReadAsync(buffer.AsMemory(offset, count), blocking: true, opened));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!cancellationToken.CanBeCanceled || cancellationToken == opened)
        {
            return await answer.ReadAsync(buffer, blocking: false, opened).ConfigureAwait(false);
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(opened, cancellationToken);
        return await answer.ReadAsync(buffer, blocking: false, either.Token).ConfigureAwait(false);
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            answer.Dispose();
        }

        base.Dispose(disposing);
    }
}
