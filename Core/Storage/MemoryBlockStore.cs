using Dpark.Applications;

namespace Dpark.Storage;

/// <summary>Blocks in memory, up to a number of bytes; what does not fit goes to another store. Thread-safe.</summary>
public sealed class MemoryBlockStore : IBlockStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<BlockId, ReadOnlyMemory<byte>> _blocks = [];
    private readonly long _maxBytes;
    private readonly IBlockStore? _overflow;
    private long _bytes;

    /// <summary>Makes an empty store.</summary>
    /// <param name="maxBytes">Bytes of all blocks kept here. At least 0.</param>
    /// <param name="overflow">Takes the blocks that do not fit, and those that come as streams of unknown length; <see langword="null"/> refuses them.</param>
    public MemoryBlockStore(long maxBytes, IBlockStore? overflow = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        _maxBytes = maxBytes;
        _overflow = overflow;
    }

    /// <summary>Bytes of the blocks in memory.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <inheritdoc/>
    public void Put(BlockId block, ReadOnlyMemory<byte> bytes)
    {
        if (TryKeep(block, bytes))
        {
            _overflow?.Delete(block);
            return;
        }

        if (_overflow is null)
        {
            throw new IOException(
                $"Block {block} of {bytes.Length} bytes does not fit into memory, of which {Bytes} of {_maxBytes} bytes are in use. Raise the limit, or let the store use a disk.");
        }

        _overflow.Put(block, bytes);
        Forget(block);
    }

    /// <inheritdoc/>
    public void Put(BlockId block, Stream source)
    {
        if (_overflow is not null && !(source.CanSeek && source.Length - source.Position <= _maxBytes - Bytes))
        {
            _overflow.Put(block, source);
            Forget(block);
            return;
        }

        var bytes = new MemoryStream();
        source.CopyTo(bytes);
        Put(block, bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }

    /// <inheritdoc/>
    public long? TryGetLength(BlockId block) => TryFind(block, out var bytes) ? bytes.Length : _overflow?.TryGetLength(block);

    /// <inheritdoc/>
    public Stream? TryOpen(BlockId block) => TryFind(block, out var bytes) ? new ReadOnlyMemoryStream(bytes) : _overflow?.TryOpen(block);

    /// <inheritdoc/>
    public bool Delete(BlockId block) => Forget(block) | (_overflow?.Delete(block) ?? false);

    /// <inheritdoc/>
    public void DeleteApplication(AppId application)
    {
        lock (_lock)
        {
            foreach (var block in _blocks.Keys.Where(block => block.Application == application).ToArray())
            {
                Forget(block);
            }
        }

        _overflow?.DeleteApplication(application);
    }

    private bool TryKeep(BlockId block, ReadOnlyMemory<byte> bytes)
    {
        WorkFiles.NameOf(block.Application);
        WorkFiles.Checked(block.Name);
        lock (_lock)
        {
            var freed = _blocks.TryGetValue(block, out var old) ? old.Length : 0;
            if (_bytes - freed + bytes.Length > _maxBytes)
            {
                return false;
            }

            _bytes += bytes.Length - freed;
            _blocks[block] = bytes;
            return true;
        }
    }

    private bool TryFind(BlockId block, out ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            return _blocks.TryGetValue(block, out bytes);
        }
    }

    private bool Forget(BlockId block)
    {
        lock (_lock)
        {
            if (!_blocks.Remove(block, out var bytes))
            {
                return false;
            }

            _bytes -= bytes.Length;
            return true;
        }
    }
}
