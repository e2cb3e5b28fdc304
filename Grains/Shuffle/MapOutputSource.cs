using System.Collections.Immutable;
using Dpark.Applications;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>
/// The lists of map outputs that the tasks of one worker read: brought by launches, made here, or fetched from the registry page by page, once for all tasks, and kept until a task asks
/// for a newer one. Used by the executor's threads. Thread-safe.
/// </summary>
/// <param name="endpoint">Where this worker's block server can be reached.</param>
/// <param name="registryOf">The registry of an application.</param>
internal sealed class MapOutputSource(WorkerId worker, string endpoint, Func<AppId, IMapOutputRegistryGrain> registryOf) : IMapOutputSource
{
    /// <summary>A list that changes while its pages are fetched is fetched anew; one that never stands still is given up.</summary>
    private const int MaxRounds = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<ShuffleId, Entry> _entries = [];

    /// <inheritdoc/>
    public ImmutableArray<MapOutputLocation> Get(ShuffleId shuffle, long minimumEpoch, CancellationToken cancellationToken)
    {
        var entry = EntryOf(shuffle);
        if (entry.Newest is { } kept && kept.Epoch >= minimumEpoch)
        {
            return kept.Outputs;
        }

        // One epoch is fetched once; tasks that need an older one can use it, too.
        var list = entry.Fetches.GetOrMake(minimumEpoch, (epoch, token) => Fetch(shuffle, epoch, token), cancellationToken);
        Keep(entry, list);
        entry.Fetches.Remove(minimumEpoch);
        return list.Outputs;
    }

    /// <summary>Takes a whole list that came with a launch, as if it had been fetched.</summary>
    /// <exception cref="ArgumentException">It is not whole.</exception>
    public void Add(MapOutputRegistration list)
    {
        var outputs = list.Outputs;
        for (var map = 0; map < outputs.Length; map++)
        {
            if (outputs[map].Output.MapIndex != map)
            {
                throw new ArgumentException($"The list of map outputs of {list.Shuffle} that came with a launch has {outputs[map].Output.MapIndex} in place of {map}.", nameof(list));
            }
        }

        if (outputs.Length != list.MapCount)
        {
            throw new ArgumentException($"The list of map outputs of {list.Shuffle} that came with a launch has {outputs.Length} of {list.MapCount}.", nameof(list));
        }

        Keep(EntryOf(list.Shuffle), new(list.Epoch, [.. outputs]));
    }

    /// <summary>Remembers an output that was made here; see <see cref="TaskLaunch.Makes"/>.</summary>
    /// <returns>Attempts wait for the shuffle (<see cref="Await"/>), and this was the last of its outputs: their list is here now.</returns>
    public bool AddOwn(ShuffleId shuffle, MapOutput output)
    {
        var entry = EntryOf(shuffle);
        lock (_gate)
        {
            (entry.Own ??= [])[output.MapIndex] = new(output, endpoint);
            return TryKeepOwn(entry);
        }
    }

    /// <summary>An attempt waits until all outputs of a shuffle have been made here.</summary>
    /// <param name="epoch">How new their list is then.</param>
    /// <returns>They have been made already: their list is here.</returns>
    public bool Await(AwaitedOutputs awaited, long epoch)
    {
        var entry = EntryOf(awaited.Shuffle);
        lock (_gate)
        {
            entry.Awaited = (awaited.MapCount, Math.Max(epoch, entry.Awaited?.Epoch ?? 0));
            return TryKeepOwn(entry);
        }
    }

    /// <summary>Forgets one shuffle.</summary>
    public void Forget(ShuffleId shuffle)
    {
        lock (_gate)
        {
            _entries.Remove(shuffle);
        }
    }

    /// <summary>Forgets the shuffles of an application.</summary>
    public void Forget(AppId application)
    {
        lock (_gate)
        {
            foreach (var shuffle in _entries.Keys.Where(shuffle => shuffle.Application == application).ToArray())
            {
                _entries.Remove(shuffle);
            }
        }
    }

    private bool TryKeepOwn(Entry entry)
    {
        if (entry is not { Awaited: { } awaited, Own: { } own } || own.Count < awaited.MapCount)
        {
            return false;
        }

        Keep(entry, new(awaited.Epoch, [.. own.OrderBy(output => output.Key).Select(output => output.Value)]));
        return true;
    }

    private void Keep(Entry entry, List list)
    {
        lock (_gate)
        {
            if (entry.Newest is null || entry.Newest.Epoch < list.Epoch)
            {
                entry.Newest = list;
            }
        }
    }

    private Entry EntryOf(ShuffleId shuffle)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(shuffle, out var entry))
            {
                _entries[shuffle] = entry = new();
            }

            return entry;
        }
    }

    private List Fetch(ShuffleId shuffle, long minimumEpoch, CancellationToken cancellationToken)
    {
        var registry = registryOf(shuffle.Application);
        for (var round = 0; round < MaxRounds; round++)
        {
            if (TryFetch(registry, shuffle, minimumEpoch, cancellationToken) is { } list)
            {
                return list;
            }
        }

        throw NotComplete(shuffle, $"The registry's list changed {MaxRounds} times while it was read.");
    }

    private List? TryFetch(IMapOutputRegistryGrain registry, ShuffleId shuffle, long minimumEpoch, CancellationToken cancellationToken)
    {
        ImmutableArray<MapOutputLocation>.Builder? outputs = null;
        long epoch = 0;
        do
        {
            var page = GetPage(registry, shuffle, minimumEpoch, outputs?.Count ?? 0, cancellationToken);
            if (outputs is null)
            {
                outputs = ImmutableArray.CreateBuilder<MapOutputLocation>(page.MapCount);
                epoch = page.Epoch;
            }
            else if (page.Epoch != epoch || page.MapCount != outputs.Capacity || page.Outputs.Length == 0)
            {
                return null;
            }

            outputs.AddRange(page.Outputs);
        }
        while (outputs.Count < outputs.Capacity);

        return new(epoch, outputs.MoveToImmutable());
    }

    private MapOutputPage GetPage(
        IMapOutputRegistryGrain registry, ShuffleId shuffle, long minimumEpoch, int firstMap, CancellationToken cancellationToken)
    {
        MapOutputPage page;
        try
        {
            page = GrainCalls.Wait(() => registry.GetAsync(shuffle, minimumEpoch, firstMap, cancellationToken));
        }
        catch (Exception e) when (GrainCalls.IsUndelivered(e))
        {
            throw NotComplete(shuffle, $"The registry could not be asked ({e.GetType().Name}: {e.Message}).");
        }

        return page.IsComplete ? page : throw NotComplete(shuffle, $"The registry has no complete list of epoch {minimumEpoch} or later.");
    }

    private FetchFailedException NotComplete(ShuffleId shuffle, string reason) => new(shuffle, -1, worker, reason);

    /// <summary>What is known of one shuffle.</summary>
    private sealed class Entry
    {
        private volatile List? _newest;

        public List? Newest
        {
            get => _newest;
            set => _newest = value;
        }

        /// <summary>Those that were made here, by map, if they are to be remembered.</summary>
        public Dictionary<int, MapOutputLocation>? Own { get; set; }

        /// <summary>Attempts wait until so many were made; how new the list is then.</summary>
        public (int MapCount, long Epoch)? Awaited { get; set; }

        /// <summary>Fetches under way, by the epoch that was asked for.</summary>
        public SharedFetches<long, List> Fetches { get; } = new(capacity: 4);
    }

    private sealed record List(long Epoch, ImmutableArray<MapOutputLocation> Outputs);
}
