using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.MembershipService;

namespace Orleans.Runtime;

/// <summary>Which silo's services are responsible for which hash, by the newest membership. Thread-safe.</summary>
internal sealed class SiloRing
{
    private readonly ILocalSiloDetails _silo;
    private readonly List<GrainService> _listeners = [];
    private DirectoryView _view = DirectoryView.Empty;

    public SiloRing(ILocalSiloDetails silo, MembershipView membership)
    {
        _silo = silo;
        membership.Changed += update => OnChanged(DirectoryView.Create(update.Snapshot));
        OnChanged(DirectoryView.Create(membership.Current));
    }

    /// <summary>The silo that is responsible; this one while none is active.</summary>
    public SiloAddress GetOwner(uint hash) => Volatile.Read(ref _view).GetOwner(hash) ?? _silo.SiloAddress;

    /// <summary>The range of this silo, of which a service is told changes from now on.</summary>
    public IRingRange Subscribe(GrainService service)
    {
        lock (_listeners)
        {
            _listeners.Add(service);
            return RangeOf(_view);
        }
    }

    public void Unsubscribe(GrainService service)
    {
        lock (_listeners)
        {
            _listeners.Remove(service);
        }
    }

    private IRingRange RangeOf(DirectoryView view) => view.GetOwner(0) is null
        ? RangeFactory.CreateFullRange()
        : RangeFactory.CreateRange([.. view.GetAcquired(_silo.SiloAddress, DirectoryView.Empty).Select(range => RangeFactory.CreateRange(range.Begin, range.End))]);

    private void OnChanged(DirectoryView view)
    {
        lock (_listeners)
        {
            var before = _view;
            if (view.Version <= before.Version)
            {
                return;
            }

            Volatile.Write(ref _view, view);
            var hasGained = view.GetAcquired(_silo.SiloAddress, before).Count > 0;
            if (!hasGained && before.GetAcquired(_silo.SiloAddress, view).Count == 0)
            {
                return;
            }

            var (old, current) = (RangeOf(before), RangeOf(view));
            foreach (var listener in _listeners)
            {
                listener.TellRangeChange(old, current, hasGained);
            }
        }
    }
}
