namespace Orleans.Runtime;

/// <summary>The activations that one stateless worker grain has on this silo. An idle one is preferred, then a new one, then that with the shortest queue. Thread-safe.</summary>
internal sealed class StatelessWorkers : IActivationOwner
{
    private readonly SiloRuntime _silo;
    private readonly GrainClass _class;
    private readonly Catalog _catalog;
    private readonly List<Activation> _workers = new(1);
    private readonly int _limit;
    private readonly bool _removesIdle;

    public StatelessWorkers(SiloRuntime silo, GrainClass grainClass, GrainId grain, Catalog catalog)
    {
        _silo = silo;
        _class = grainClass;
        _catalog = catalog;
        GrainId = grain;
        var placement = grainClass.Placement as StatelessWorkerPlacement;
        _limit = placement?.MaxLocal ?? 1;
        _removesIdle = placement?.RemoveIdleWorkers ?? false;
    }

    public GrainId GrainId { get; }

    public int Count
    {
        get
        {
            lock (_workers)
            {
                return _workers.Count;
            }
        }
    }

    public IReadOnlyList<Activation> All
    {
        get
        {
            lock (_workers)
            {
                return [.. _workers];
            }
        }
    }

    public void ReceiveMessage(Message message)
    {
        if (message.Kind == MessageKind.Cancel)
        {
            foreach (var worker in All)
            {
                worker.ReceiveMessage(message);
            }

            return;
        }

        Pick().ReceiveMessage(message);
    }

    /// <summary>Ends workers that have nothing to do, but for the last.</summary>
    public void RemoveIdle()
    {
        if (!_removesIdle || Count <= 1)
        {
            return;
        }

        var idle = (long)(_silo.StatelessWorkerOptions.IdleWorkersInspectionPeriod.TotalMilliseconds * _silo.StatelessWorkerOptions.MinIdleCyclesBeforeRemoval);
        foreach (var worker in All.Skip(1).Where(worker => worker.IsIdleFor(idle)))
        {
            worker.Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "The load does not need so many workers."));
        }
    }

    /// <inheritdoc/>
    public void Remove(Activation activation)
    {
        bool isEmpty;
        lock (_workers)
        {
            _workers.Remove(activation);
            isEmpty = _workers.Count == 0;
        }

        if (isEmpty)
        {
            _catalog.Remove(this);
        }
    }

    private Activation Pick()
    {
        Activation? created = null;
        Activation? best = null;
        lock (_workers)
        {
            var least = int.MaxValue;
            foreach (var worker in _workers)
            {
                if (worker.State is ActivationState.Deactivating or ActivationState.Invalid)
                {
                    continue;
                }

                var load = worker.Load;
                if (load < least)
                {
                    (least, best) = (load, worker);
                }
            }

            if (best is null || (least > 0 && _workers.Count < _limit))
            {
                best = created = new Activation(_silo, _class, GrainId, this);
                _workers.Add(created);
            }
        }

        created?.Start(previous: null);
        return best;
    }
}
