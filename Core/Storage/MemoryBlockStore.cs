using Dpark.Applications;
using Dpark.Memory;

namespace Dpark.Storage;

/// <summary>Blocks in memory, up to a number of bytes; what does not fit goes to another store. Thread-safe.</summary>
/// <remarks>
/// A block that tasks need the memory of is moved to the other store, the oldest first. It can be read in memory until it is there. One call at a time writes a block to
/// the other store: whoever moves one leaves out those that are being replaced, and whoever replaces one waits for its move.
/// </remarks>
public sealed class MemoryBlockStore : IBlockStore
{
    private readonly object _lock = new();
    private readonly Dictionary<BlockId, LinkedListNode<KeptBlock>> _blocks = [];
    private readonly LinkedList<KeptBlock> _byAge = [];
    private readonly HashSet<BlockId> _writing = [];
    private readonly long _maxBytes;
    private readonly IBlockStore? _overflow;
    private readonly MemoryHolder? _memory;
    private long _bytes;

    /// <summary>Makes an empty store.</summary>
    /// <param name="maxBytes">Bytes of all blocks kept here. At least 0.</param>
    /// <param name="overflow">Takes the blocks that do not fit, and those that come as streams of unknown length; <see langword="null"/> refuses them.</param>
    /// <param name="memory">What the blocks share with tasks. <see langword="null"/>: nothing.</param>
    public MemoryBlockStore(long maxBytes, IBlockStore? overflow = null, WorkerMemory? memory = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        _maxBytes = maxBytes;
        _overflow = overflow;
        _memory = memory?.AddHolder("results, broadcast pieces and programs", overflow is null ? null : MoveOldest);
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

        PutInOverflow(block, () => _overflow.Put(block, bytes));
    }

    /// <inheritdoc/>
    public void Put(BlockId block, Stream source)
    {
        if (_overflow is not null && !(source.CanSeek && source.Length - source.Position <= _maxBytes - Bytes))
        {
            PutInOverflow(block, () => _overflow.Put(block, source));
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
            var freed = _blocks.TryGetValue(block, out var old) ? old.Value.Bytes.Length : 0;
            if (_bytes - freed + bytes.Length > _maxBytes || !(_memory?.TryTake(bytes.Length) ?? true))
            {
                return false;
            }

            Forget(block);
            _bytes += bytes.Length;
            _blocks.Add(block, _byAge.AddLast(new KeptBlock(block, bytes)));
            return true;
        }
    }

    private bool TryFind(BlockId block, out ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            var isFound = _blocks.TryGetValue(block, out var place);
            bytes = place?.Value.Bytes ?? default;
            return isFound;
        }
    }

    private bool Forget(BlockId block)
    {
        lock (_lock)
        {
            if (!_blocks.Remove(block, out var place))
            {
                return false;
            }

            _byAge.Remove(place);
            _bytes -= place.Value.Bytes.Length;
            _memory?.Return(place.Value.Bytes.Length);
            return true;
        }
    }

    private void PutInOverflow(BlockId block, Action put)
    {
        lock (_lock)
        {
            while (!_writing.Add(block))
            {
                Monitor.Wait(_lock);
            }
        }

        try
        {
            put();
            Forget(block);
        }
        finally
        {
            EndWriting(block);
        }
    }

    private void EndWriting(BlockId block)
    {
        lock (_lock)
        {
            _writing.Remove(block);
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Moves the oldest blocks to the other store until so many bytes are free.</summary>
    /// <returns>Bytes that were freed.</returns>
    private long MoveOldest(long wanted)
    {
        var freed = 0L;
        while (freed < wanted && TakeOldest() is { } oldest)
        {
            try
            {
                freed += Move(oldest);
            }
            catch (IOException)
            {
                // It stays where it is: no disk has room, and the next block would not find any either.
                break;
            }
            finally
            {
                EndWriting(oldest.Block);
            }
        }

        return freed;
    }

    private KeptBlock? TakeOldest()
    {
        lock (_lock)
        {
            for (var place = _byAge.First; place is not null; place = place.Next)
            {
                if (_writing.Add(place.Value.Block))
                {
                    return place.Value;
                }
            }

            return null;
        }
    }

    private long Move(KeptBlock oldest)
    {
        _overflow!.Put(oldest.Block, oldest.Bytes);
        lock (_lock)
        {
            if (_blocks.TryGetValue(oldest.Block, out var place) && place.Value == oldest)
            {
                Forget(oldest.Block);
                return oldest.Bytes.Length;
            }
        }

        // Deleted or replaced in memory while it was written.
        _overflow.Delete(oldest.Block);
        return 0;
    }

    /// <summary>A block in memory; one that is replaced is another object.</summary>
    private sealed class KeptBlock(BlockId block, ReadOnlyMemory<byte> bytes)
    {
        public BlockId Block => block;

        public ReadOnlyMemory<byte> Bytes => bytes;
    }
}
