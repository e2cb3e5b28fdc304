using Dpark.Configuration;

namespace Dpark.Storage;

/// <summary>
/// Reads and writes blocks of other workers through their block servers, over pooled connections. Thread-safe. The synchronous calls block the calling thread
/// and are for task threads; the asynchronous ones are for drivers.
/// </summary>
public sealed class BlockClient : IDisposable
{
    /// <summary>Makes a client without connections.</summary>
    /// <param name="secret">The cluster's secret; empty in a local run. Never sent as it is.</param>
    public BlockClient(ReadOnlyMemory<byte> secret, BlockClientOptions options)
    {
    }

    /// <summary>Opens a block for reading from its start. The stream can be read both ways and is disposed by the caller.</summary>
    /// <exception cref="BlockNotFoundException">The worker does not have the block.</exception>
    /// <exception cref="IOException">The worker cannot be reached, refuses the secret, or sent something wrong; also while reading.</exception>
    public Stream Open(BlockLocation block, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc cref="Open"/>
    public Task<Stream> OpenAsync(BlockLocation block, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads a whole block into memory.</summary>
    /// <inheritdoc cref="Open"/>
    public byte[] Read(BlockLocation block, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc cref="Read"/>
    public Task<byte[]> ReadAsync(BlockLocation block, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Streams a block in pieces of up to 128 KiB. A piece is valid until the next one is asked for.</summary>
    /// <inheritdoc cref="Open"/>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> StreamAsync(BlockLocation block, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stores a block on a worker, replacing one of that name.</summary>
    /// <param name="endpoint">Host and port of the worker's block server.</param>
    /// <exception cref="IOException">The worker cannot be reached or has no room.</exception>
    public void Put(string endpoint, BlockId block, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc cref="Put"/>
    public Task PutAsync(string endpoint, BlockId block, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Deletes a block of a worker.</summary>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="IOException">The worker cannot be reached.</exception>
    public Task<bool> DeleteAsync(string endpoint, BlockId block, CancellationToken cancellationToken) => throw new NotImplementedException();

    internal Shuffle.RemoteBuckets OpenBuckets(string endpoint, Shuffle.BucketRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Closes all connections. Requests under way fail.</summary>
    public void Dispose()
    {
    }
}
