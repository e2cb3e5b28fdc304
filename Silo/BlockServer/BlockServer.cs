using Dpark.Configuration;
using Dpark.Shuffle;
using Microsoft.Extensions.Logging;

namespace Dpark.Storage;

/// <summary>Serves the blocks and map outputs of one worker to other workers and to drivers.</summary>
public sealed class BlockServer(
    IBlockStore blocks, MapOutputFiles mapOutputs, ReadOnlyMemory<byte> secret, BlockServerOptions options, ILogger<BlockServer> logger) : IAsyncDisposable
{
    /// <summary>Host and port that others reach it by, such as <c>127.0.0.1:40123</c>.</summary>
    /// <exception cref="InvalidOperationException">It is not started.</exception>
    public string Endpoint => throw new NotImplementedException($"{blocks}{mapOutputs}{secret}{options}{logger}");

    /// <summary>Starts to listen. Returns at once.</summary>
    /// <exception cref="IOException">The address or port cannot be used.</exception>
    public void Start() => throw new NotImplementedException();

    /// <summary>Stops listening and closes all connections.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
