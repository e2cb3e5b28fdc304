using Dpark.Applications;

namespace Dpark.Storage;

/// <summary>Blocks in memory, up to a number of bytes; what does not fit goes to another store. Thread-safe.</summary>
/// <param name="maxBytes">Bytes of all blocks kept here. At least 0.</param>
/// <param name="overflow">Takes the blocks that do not fit; <see langword="null"/> refuses them.</param>
public sealed class MemoryBlockStore(long maxBytes, IBlockStore? overflow = null) : IBlockStore
{
    /// <inheritdoc/>
    public void Put(BlockId block, ReadOnlyMemory<byte> bytes) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Put(BlockId block, Stream source) => throw new NotImplementedException();

    /// <inheritdoc/>
    public long? TryGetLength(BlockId block) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Stream? TryOpen(BlockId block) => throw new NotImplementedException();

    /// <inheritdoc/>
    public bool Delete(BlockId block) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void DeleteApplication(AppId application) => throw new NotImplementedException($"{maxBytes}{overflow}");
}
