using Dpark.Applications;

namespace Dpark.Storage;

/// <summary>The blocks that one worker keeps. Thread-safe. A block is written once and never changes; readers may go on while it is deleted.</summary>
public interface IBlockStore
{
    /// <summary>Stores a block. One of that name is replaced, whole.</summary>
    /// <param name="bytes">Must not change afterwards: the store may keep it.</param>
    /// <exception cref="IOException">No disk has room.</exception>
    void Put(BlockId block, ReadOnlyMemory<byte> bytes);

    /// <summary>Stores a block that is read from a stream, whose length need not be known. On an exception nothing is stored.</summary>
    /// <exception cref="IOException">No disk has room, or the source failed.</exception>
    void Put(BlockId block, Stream source);

    /// <summary>Bytes of a block; <see langword="null"/> if it is not there.</summary>
    long? TryGetLength(BlockId block);

    /// <summary>Opens a block for reading from its start, with seeking; <see langword="null"/> if it is not there. The caller disposes it.</summary>
    Stream? TryOpen(BlockId block);

    /// <summary>Deletes a block.</summary>
    /// <returns>Whether it was there.</returns>
    bool Delete(BlockId block);

    /// <summary>Deletes all blocks of an application.</summary>
    void DeleteApplication(AppId application);
}
