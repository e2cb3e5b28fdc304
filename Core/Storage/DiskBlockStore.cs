using System.Collections.Concurrent;
using Dpark.Applications;

namespace Dpark.Storage;

/// <summary>Blocks as files, <c>{directory}/{application}/blocks/{name}.{number}.temp</c>, spread over the work directories. Thread-safe.</summary>
/// <remarks>
/// Which blocks there are, and the checksums of their pieces, is known in memory only: another process that is given the same directories starts without blocks.
/// A block that turns out to be damaged or gone while it is read is not there any more; who reads it gets an <see cref="IOException"/>.
/// </remarks>
/// <param name="directories">The work directories of this worker, main one first, at least one. They are made when they are first used.</param>
/// <param name="quota">What may be written below each; <see langword="null"/>: no limit.</param>
public sealed class DiskBlockStore(IReadOnlyList<string> directories, DiskQuota? quota = null) : IBlockStore
{
    private const int RememberedApplications = 1024;
    private const int CopyBytes = 128 << 10;

    private readonly WorkFiles _files = new(directories, quota);
    private readonly ConcurrentDictionary<BlockId, BlockFile> _blocks = new();
    private readonly EndedNames<AppId> _ended = new(RememberedApplications);

    /// <inheritdoc/>
    public void Put(BlockId block, ReadOnlyMemory<byte> bytes) => Store(block, stream => stream.Write(bytes.Span));

    /// <inheritdoc/>
    public void Put(BlockId block, Stream source)
    {
        // A disk that fails can be replaced by the next one only as long as the source can be read again.
        var start = source.CanSeek ? source.Position : 0;
        var isRead = false;
        Store(block, stream =>
        {
            if (isRead && !source.CanSeek)
            {
                throw new IOException("The source of the block was read already.");
            }

            if (isRead)
            {
                source.Position = start;
            }

            isRead = true;
            source.CopyTo(stream, CopyBytes);
        });
    }

    /// <inheritdoc/>
    public long? TryGetLength(BlockId block) => _blocks.TryGetValue(block, out var file) ? file.Length : null;

    /// <inheritdoc/>
    public Stream? TryOpen(BlockId block)
    {
        if (!_blocks.TryGetValue(block, out var file))
        {
            return null;
        }

        try
        {
            var handle = File.OpenHandle(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new BlockFileReader(block, file, handle, () => Forget(block, file));
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            // It was deleted since, or somebody cleaned the disk or took it away.
            Forget(block, file);
            return null;
        }
    }

    /// <inheritdoc/>
    public bool Delete(BlockId block)
    {
        if (!_blocks.TryRemove(block, out var file))
        {
            return false;
        }

        DeleteFile(file);
        return true;
    }

    /// <inheritdoc/>
    public void DeleteApplication(AppId application)
    {
        _ended.Add(application);
        foreach (var block in _blocks.Keys)
        {
            if (block.Application == application)
            {
                Delete(block);
            }
        }

        _files.Delete(Path.Combine(WorkFiles.NameOf(application), "blocks"));
    }

    private void Store(BlockId block, Action<Stream> write)
    {
        var subdirectory = Path.Combine(WorkFiles.NameOf(block.Application), "blocks");
        var name = WorkFiles.Checked(block.Name);
        CheckNotEnded(block);
        var stored = _files.Write($"Block {block}", subdirectory, (root, directory) =>
        {
            // A block that is replaced keeps its file until the last reader closes it, so each one has a name of its own.
            var path = Path.Combine(directory, _files.NewTemporaryName(name));
            using var file = new BlockFileWriter(root, path, _files.Quota);
            write(file);
            return file.Complete();
        });

        BlockFile? replaced = null;
        _blocks.AddOrUpdate(block, stored, (_, old) =>
        {
            replaced = old;
            return stored;
        });
        if (replaced is not null)
        {
            DeleteFile(replaced);
        }

        if (_ended.Contains(block.Application))
        {
            Delete(block);
            _files.Delete(subdirectory);
            CheckNotEnded(block);
        }
    }

    private void CheckNotEnded(BlockId block)
    {
        if (_ended.Contains(block.Application))
        {
            throw new IOException($"Block {block} is not stored, because its application has ended. Its tasks are being cancelled.");
        }
    }

    private void Forget(BlockId block, BlockFile file)
    {
        if (_blocks.TryRemove(KeyValuePair.Create(block, file)))
        {
            DeleteFile(file);
        }
    }

    private void DeleteFile(BlockFile file)
    {
        WorkFiles.DeleteFile(file.Path);
        _files.Quota.Release(file.Root, file.Length);
    }
}
