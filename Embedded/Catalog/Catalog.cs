using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>The activations of one silo. Thread-safe.</summary>
internal sealed class Catalog : IActivationOwner, IDisposable
{
    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private readonly ConcurrentDictionary<GrainId, StatelessWorkers> _workers = new();
    private readonly SiloRuntime _silo;
    private readonly Timer _collector;
    private readonly Timer _inspector;

    public Catalog(SiloRuntime silo)
    {
        _silo = silo;
        var quantum = silo.CollectionOptions.CollectionQuantum;
        _collector = new Timer(static state => ((Catalog)state!).CollectIdle(), this, quantum, quantum);
        var period = silo.StatelessWorkerOptions.IdleWorkersInspectionPeriod;
        _inspector = new Timer(static state => ((Catalog)state!).InspectWorkers(), this, period, period);
    }

    /// <summary>Activations, stateless workers included.</summary>
    public int Count => _activations.Count + _workers.Values.Sum(workers => workers.Count);

    /// <summary>All activations, stateless workers included.</summary>
    public IEnumerable<Activation> All => _activations.Values.Concat(_workers.Values.SelectMany(workers => workers.All));

    public bool TryGet(GrainId grain, [NotNullWhen(true)] out Activation? activation) => _activations.TryGetValue(grain, out activation);

    /// <summary>The activation of a grain; a new one starts at once.</summary>
    /// <param name="previous">A registration that is known to be of no use.</param>
    public Activation GetOrCreate(GrainClass grainClass, GrainId grain, GrainAddress? previous)
    {
        if (_activations.TryGetValue(grain, out var known))
        {
            return known;
        }

        var created = new Activation(_silo, grainClass, grain, this);
        known = _activations.GetOrAdd(grain, created);
        if (ReferenceEquals(known, created))
        {
            created.Start(previous);
        }

        return known;
    }

    /// <summary>The workers of a grain that is not in the directory.</summary>
    public StatelessWorkers GetOrCreateWorkers(GrainClass grainClass, GrainId grain) =>
        _workers.TryGetValue(grain, out var known)
            ? known
            : _workers.GetOrAdd(grain, static (id, arguments) => new StatelessWorkers(arguments._silo, arguments.grainClass, id, arguments.Item3), (_silo, grainClass, this));

    public bool TryGetWorkers(GrainId grain, [NotNullWhen(true)] out StatelessWorkers? workers) => _workers.TryGetValue(grain, out workers);

    /// <summary>Ends all activations and completes when they have ended.</summary>
    public async Task DeactivateAllAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Twice, for those that were being made while the others were listed.
        for (var round = 0; round < 2; round++)
        {
            var all = All.ToList();
            foreach (var activation in all)
            {
                activation.Deactivate(reason, cancellationToken);
            }

            await Task.WhenAll(all.Select(activation => activation.Deactivated)).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends activations that were idle for an age, or for that of their class.</summary>
    public Task CollectAsync(TimeSpan? age)
    {
        var now = Environment.TickCount64;
        var stale = All.Where(activation => age is { } limit
            ? activation.IsIdleFor((long)limit.TotalMilliseconds) && activation.Class.CollectionAge != Timeout.InfiniteTimeSpan
            : activation.IsStale(now)).ToList();
        foreach (var activation in stale)
        {
            activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "Nobody called for a while."));
        }

        return Task.WhenAll(stale.Select(activation => activation.Deactivated));
    }

    /// <inheritdoc/>
    public void Remove(Activation activation) => _activations.TryRemove(new KeyValuePair<GrainId, Activation>(activation.GrainId, activation));

    /// <summary>Forgets a stateless worker grain that has no activation left.</summary>
    public void Remove(StatelessWorkers workers) => _workers.TryRemove(new KeyValuePair<GrainId, StatelessWorkers>(workers.GrainId, workers));

    public void Dispose()
    {
        _collector.Dispose();
        _inspector.Dispose();
    }

    private void CollectIdle() => _ = CollectAsync(age: null);

    private void InspectWorkers()
    {
        if (!_silo.StatelessWorkerOptions.RemoveIdleWorkers)
        {
            return;
        }

        foreach (var workers in _workers.Values)
        {
            workers.RemoveIdle();
        }
    }
}
