using Dpark.Memory;
using Dpark.Workers;

namespace Dpark.Broadcasting;

/// <summary>The decoded broadcast values of one application on one worker, each made once. Counts what they hold, and lets go of them when tasks need the memory. Thread-safe.</summary>
/// <remarks>
/// A value that was let go of is still the same for tasks that begin while another one uses it; after that it is decoded again from the worker's own blocks. So memory is
/// not given up twice, and never for a value that must be there anyway.
/// </remarks>
/// <param name="memory">That of all applications of the worker.</param>
/// <param name="arriving">Counts bytes while a value is made of them.</param>
internal sealed class BroadcastValues(MemoryHolder memory, MemoryHolder arriving)
{
    private const int MaxValues = 4096;

    private readonly SharedFetches<BroadcastId, BroadcastValue> _values = new(MaxValues, static value => value.Discount());

    /// <summary>The value.</summary>
    /// <param name="fetch">Gets its bytes.</param>
    /// <param name="decode">Makes it from its bytes.</param>
    /// <exception cref="OperationCanceledException">The token fired while the thread waited for another one.</exception>
    public object GetOrMake(
        BroadcastId broadcast, Func<CancellationToken, ReadOnlyMemory<byte>> fetch, Func<ReadOnlyMemory<byte>, object> decode, CancellationToken cancellationToken)
    {
        while (true)
        {
            object? made = null;
            var entry = _values.GetOrMake(
                broadcast,
                (_, token) =>
                {
                    var bytes = fetch(token);
                    arriving.Take(bytes.Length);
                    try
                    {
                        arriving.Settle();
                        var before = GC.GetAllocatedBytesForCurrentThread();
                        made = decode(bytes);

                        // What decoding has allocated is what it made, and a little more.
                        return new BroadcastValue(made, Math.Max(bytes.Length, GC.GetAllocatedBytesForCurrentThread() - before), memory);
                    }
                    finally
                    {
                        arriving.Return(bytes.Length);
                    }
                },
                cancellationToken);

            // The caller of the first attempt has it, whatever was given up since.
            if ((made ?? entry.TryUse()) is { } value)
            {
                memory.Settle();
                return value;
            }

            _values.Remove(broadcast, entry);
        }
    }

    /// <summary>Forgets a value.</summary>
    public void Remove(BroadcastId broadcast) => _values.Remove(broadcast);

    /// <summary>Forgets all values.</summary>
    public void Clear() => _values.Clear();

    /// <summary>Lets go of values, those first that were not used for longest, until so many bytes are counted less.</summary>
    /// <returns>Bytes that are not counted any more.</returns>
    public long GiveUp(long wanted)
    {
        var bytes = 0L;
        foreach (var (_, value) in _values.List())
        {
            if (bytes >= wanted)
            {
                break;
            }

            bytes += value.LetGo();
        }

        return bytes;
    }

    /// <summary>One value, held for good, or as long as a task uses it. Thread-safe.</summary>
    private sealed class BroadcastValue
    {
        private readonly Lock _gate = new();
        private readonly WeakReference<object> _value;
        private readonly long _bytes;
        private readonly MemoryHolder _memory;
        private object? _held;
        private bool _isCounted = true;
        private bool _isForgotten;

        public BroadcastValue(object value, long bytes, MemoryHolder memory)
        {
            _held = value;
            _value = new WeakReference<object>(value);
            _bytes = bytes;
            _memory = memory;
            memory.Take(bytes);
        }

        /// <summary>The value, which is held from now on; <see langword="null"/> if it is gone.</summary>
        public object? TryUse()
        {
            lock (_gate)
            {
                if (_held is null && _value.TryGetTarget(out var value) && !_isForgotten)
                {
                    _held = value;
                    _isCounted = true;
                    _memory.Take(_bytes);
                }

                return _held;
            }
        }

        /// <returns>Bytes that are not counted any more.</returns>
        public long LetGo()
        {
            lock (_gate)
            {
                _held = null;
                return Uncount();
            }
        }

        /// <summary>It is kept no more: nobody finds it but those that have found it already.</summary>
        public void Discount()
        {
            lock (_gate)
            {
                _isForgotten = true;
                Uncount();
            }
        }

        private long Uncount()
        {
            if (!_isCounted)
            {
                return 0;
            }

            _isCounted = false;
            _memory.Return(_bytes);
            return _bytes;
        }
    }
}
