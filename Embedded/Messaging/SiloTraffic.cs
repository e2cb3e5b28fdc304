using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>When something last came from each other silo: whoever sends is alive, also while it has no time to answer a probe; and when a connection with one has ended. Thread-safe.</summary>
internal sealed class SiloTraffic(TimeProvider clock)
{
    private readonly TimeProvider _clock = clock;
    private readonly ConcurrentDictionary<SiloAddress, Source> _sources = new();

    /// <summary>A connection with a silo has ended. On any thread; must be short.</summary>
    public event Action<SiloAddress>? ConnectionEnded;

    /// <summary>What notes the frames of one silo.</summary>
    public Source From(SiloAddress silo) => _sources.GetOrAdd(silo, static (silo, owner) => new Source(owner, silo), this);

    /// <summary>Whether something came from the silo within the time.</summary>
    public bool HasHeardFrom(SiloAddress silo, TimeSpan time) => _sources.TryGetValue(silo, out var source) && source.Age <= time;

    /// <summary>Forgets a silo that has ended.</summary>
    public void Forget(SiloAddress silo) => _sources.TryRemove(silo, out _);

    /// <summary>One other silo.</summary>
    internal sealed class Source(SiloTraffic owner, SiloAddress silo)
    {
        private long _last = owner._clock.GetTimestamp();

        /// <summary>How long ago something came.</summary>
        public TimeSpan Age => owner._clock.GetElapsedTime(Volatile.Read(ref _last));

        /// <summary>Something came.</summary>
        public void Note() => Volatile.Write(ref _last, owner._clock.GetTimestamp());

        /// <summary>A connection with it has ended.</summary>
        public void End() => owner.ConnectionEnded?.Invoke(silo);
    }
}
