using System.Collections.Concurrent;
using Dpark.Accumulators;

namespace Dpark.Driver;

/// <summary>The accumulators of an application, as long as the user's program can still read them. Thread-safe.</summary>
internal sealed class DriverAccumulators
{
    private readonly ConcurrentDictionary<AccumulatorId, WeakReference<IDriverAccumulator>> _known = [];
    private int _addedSinceSweep;

    public void Add(IDriverAccumulator accumulator)
    {
        _known[accumulator.Id] = new(accumulator);
        if (Interlocked.Increment(ref _addedSinceSweep) > _known.Count / 2)
        {
            Sweep();
        }
    }

    /// <returns><see langword="null"/> if nobody can read it any more.</returns>
    public IDriverAccumulator? Find(AccumulatorId id) => _known.TryGetValue(id, out var known) && known.TryGetTarget(out var accumulator) ? accumulator : null;

    private void Sweep()
    {
        Interlocked.Exchange(ref _addedSinceSweep, 0);
        foreach (var (id, known) in _known)
        {
            if (!known.TryGetTarget(out _))
            {
                _known.TryRemove(id, out _);
            }
        }
    }
}
