using Dpark.Applications;

namespace Dpark.Storage;

/// <summary>Blocks as files, <c>{directory}/{application}/blocks/{name}</c>, spread over the work directories. Thread-safe.</summary>
/// <param name="directories">The work directories of this worker, main one first, at least one. They are made when they are first used.</param>
public sealed class DiskBlockStore(IReadOnlyList<string> directories) : IBlockStore
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
    public void DeleteApplication(AppId application) => throw new NotImplementedException(directories.ToString());
}
