namespace Dpark.Storage;

/// <summary>A worker does not have a block: it was deleted with its application, or the worker is not the one that stored it.</summary>
/// <param name="endpoint">Host and port of the block server that was asked.</param>
public sealed class BlockNotFoundException(BlockId block, string endpoint) : IOException(
    $"Block {block} is not on the worker at {endpoint}. It was deleted with its application, or that worker was restarted; compute it again.")
{
    /// <summary>The block.</summary>
    public BlockId Block { get; } = block;
}
