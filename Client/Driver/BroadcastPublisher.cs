using Dpark.Broadcasting;
using Dpark.Closures;
using Dpark.Rdds;

namespace Dpark.Driver;

/// <summary>
/// Broadcast values, those that closures capture and those that were made by hand: numbers them, and publishes them before the stage that needs them is ready. Thread-safe.
/// </summary>
/// <remarks>
/// <para>A worker may have to be given a value again. Of one that was made by hand the value itself is here, and it is encoded again then: its bytes are kept until the
/// first publication only. The bytes of a captured one stay while the context lives, because its object may be changed or gone by then.</para>
/// <para>One that was made by hand is published when a closure names it, and after it was removed from the workers when a closure names it again.</para>
/// </remarks>
internal sealed class BroadcastPublisher(ContentPublisher contents, ClosureSerializer closures, WorkerFleet workers) : IBroadcastSink, IBroadcastOwner
{
    private readonly Lock _gate = new();
    private readonly Dictionary<BroadcastId, Entry> _values = [];
    private int _nextId;

    public BroadcastId Add(ReadOnlyMemory<byte> bytes, string description, IReadOnlyList<CodeModule> modules)
    {
        lock (_gate)
        {
            var id = new BroadcastId(_nextId++);
            _values.Add(id, new Entry(modules, bytes.Length, () => bytes, first: null) { IsUsed = true });
            return id;
        }
    }

    /// <summary>Makes a value known. It is not sent before a closure needs it.</summary>
    /// <exception cref="ClosureException">Something in it cannot travel.</exception>
    public Broadcast<T> Add<T>(T value, CallSite callSite)
    {
        BroadcastId id;
        lock (_gate)
        {
            id = new BroadcastId(_nextId++);
        }

        var cell = new BroadcastCell<T>(id, value);
        var closure = closures.SerializeCell(cell, callSite);
        lock (_gate)
        {
            _values.Add(id, new Entry(closure.Modules, closure.Bytes.Length, () => closures.SerializeCell(cell, callSite).Bytes, closure.Bytes));
        }

        return new(cell, this);
    }

    public void Use(BroadcastId broadcast)
    {
        lock (_gate)
        {
            if (_values.TryGetValue(broadcast, out var entry))
            {
                entry.IsUsed = true;
            }
        }
    }

    /// <summary>Publishes every value that is used and not published yet; with <paramref name="again"/>, every one that is used.</summary>
    /// <remarks>A stage may use values that an earlier one brought, so it waits for all.</remarks>
    public Task PublishAllAsync(bool again, CancellationToken cancellationToken)
    {
        (BroadcastId Id, Entry Entry)[] used;
        lock (_gate)
        {
            used = [.. _values.Where(value => value.Value.IsUsed).Select(value => (value.Key, value.Value))];
        }

        return used.Length == 0 ? Task.CompletedTask : Task.WhenAll(used.Select(value => PublishAsync(value.Id, value.Entry, again, cancellationToken)));
    }

    /// <summary>The assemblies that the values need.</summary>
    public IReadOnlyList<CodeModule> Modules()
    {
        lock (_gate)
        {
            return [.. _values.Values.Where(value => value.IsUsed).SelectMany(value => value.Modules).Distinct()];
        }
    }

    public async Task UnpersistAsync(BroadcastId id, CancellationToken cancellationToken)
    {
        int length;
        lock (_gate)
        {
            if (!_values.TryGetValue(id, out var entry) || !entry.IsUsed)
            {
                return;
            }

            entry.IsUsed = false;
            length = entry.Length;
        }

        await RemoveAsync(id, length, cancellationToken).ConfigureAwait(false);
    }

    public async Task DestroyAsync(BroadcastId id)
    {
        Entry? entry;
        lock (_gate)
        {
            _values.Remove(id, out entry);
        }

        if (entry is { IsUsed: true })
        {
            await RemoveAsync(id, entry.Length, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task PublishAsync(BroadcastId id, Entry entry, bool again, CancellationToken cancellationToken)
    {
        await contents.PublishAsync(BroadcastNames.Of(id), entry.Read, again, cancellationToken).ConfigureAwait(false);
        entry.Forget();
    }

    private async Task RemoveAsync(BroadcastId id, int length, CancellationToken cancellationToken)
    {
        await contents.RemoveAsync(BroadcastNames.Of(id), cancellationToken).ConfigureAwait(false);
        await workers.DropBroadcastAsync(id, BroadcastPieces.CountOf(length), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One value. <see cref="IsUsed"/> changes under the lock.</summary>
    /// <param name="encode">Gives the bytes.</param>
    /// <param name="first">The bytes, until they are published first; <see langword="null"/>: asked for each time.</param>
    private sealed class Entry(IReadOnlyList<CodeModule> modules, int length, Func<ReadOnlyMemory<byte>> encode, byte[]? first)
    {
        private volatile byte[]? _first = first;

        public IReadOnlyList<CodeModule> Modules => modules;

        public int Length => length;

        /// <summary>A closure names it, so workers must find it.</summary>
        public bool IsUsed { get; set; }

        public ReadOnlyMemory<byte> Read() => _first is { } bytes ? bytes : encode();

        public void Forget() => _first = null;
    }
}
