using System.Collections.Concurrent;
using Orleans.Runtime.Management;

namespace Orleans.Runtime.Placement;

/// <summary>How loaded silos were when last asked. Nobody is asked unless a placement wants to know. Thread-safe.</summary>
internal sealed class SiloLoads(Func<SiloAddress, ISiloControl> silos, TimeProvider clock)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<SiloAddress, Entry> _entries = [];

    /// <summary>
    /// Asks those silos whose load is old. The first time it waits for their answers, later old values do until the answers are here.
    /// </summary>
    public Task RefreshAsync(SiloAddress[] candidates)
    {
        List<Task>? first = null;
        foreach (var silo in candidates)
        {
            var entry = _entries.GetOrAdd(silo, static _ => new Entry());
            if (entry.TryBegin(clock.GetTimestamp(), clock))
            {
                var asking = AskAsync(silo, entry);
                entry.First ??= asking;
            }

            if (entry.First is { IsCompleted: false } pending)
            {
                (first ??= []).Add(pending);
            }
        }

        return first is null ? Task.CompletedTask : Task.WhenAll(first);
    }

    public int GetActivationCount(SiloAddress silo) =>
        _entries.TryGetValue(silo, out var entry) ? entry.Load.ActivationCount + Volatile.Read(ref entry.Placed) : 0;

    /// <summary>Counts an activation that the silo's last answer cannot have known.</summary>
    public void CountPlacement(SiloAddress silo) => Interlocked.Increment(ref _entries.GetOrAdd(silo, static _ => new Entry()).Placed);

    /// <summary>From 0, idle, to 1: processor 40, memory used 20, memory left 20, activations 15 parts of 95.</summary>
    public double GetScore(SiloAddress silo)
    {
        if (!_entries.TryGetValue(silo, out var entry))
        {
            return 0;
        }

        var load = entry.Load;
        var most = Math.Max(1, _entries.Keys.Max(GetActivationCount));
        var used = load.MemoryTotal > 0 ? (double)load.MemoryUsed / load.MemoryTotal : 0;
        var left = load.MemoryTotal > 0 ? 1 - ((double)load.MemoryAvailable / load.MemoryTotal) : 0;
        return ((40 * load.CpuUsage) + (20 * used) + (20 * left) + (15.0 * GetActivationCount(silo) / most)) / 95;
    }

    private async Task AskAsync(SiloAddress silo, Entry entry)
    {
        try
        {
            entry.Load = await silos(silo).GetLoadAsync().ConfigureAwait(false);
            Volatile.Write(ref entry.Placed, 0);
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            _entries.TryRemove(KeyValuePair.Create(silo, entry));
        }
    }

    private sealed class Entry
    {
        private long _askedAt = -1;

        public int Placed;

        public SiloLoad Load { get; set; } = new(0, 0, 0, 0, 0);

        public Task? First { get; set; }

        public bool TryBegin(long now, TimeProvider clock)
        {
            var before = Interlocked.Read(ref _askedAt);
            return (before < 0 || clock.GetElapsedTime(before, now) >= MaxAge) && Interlocked.CompareExchange(ref _askedAt, now, before) == before;
        }
    }
}
