using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime.MembershipService;

/// <summary><see cref="MembershipView"/> in the older form, with listeners.</summary>
internal sealed partial class SiloStatusOracle : ISiloStatusOracle
{
    private readonly MembershipView _view;
    private readonly ILogger _logger;
    private ImmutableHashSet<ISiloStatusListener> _listeners = ImmutableHashSet.Create<ISiloStatusListener>(ReferenceEqualityComparer.Instance);

    public SiloStatusOracle(MembershipView view, ILocalSiloDetails silo, ILogger<SiloStatusOracle> logger)
    {
        _view = view;
        _logger = logger;
        SiloAddress = silo.SiloAddress;
        SiloName = silo.Name;
        view.Changed += Notify;
    }

    public SiloAddress SiloAddress { get; }

    public string SiloName { get; }

    public SiloStatus CurrentStatus => _view.Current.Members.TryGetValue(SiloAddress, out var self) ? self.Status : SiloStatus.Created;

    public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress) => _view.Current.GetSiloStatus(siloAddress);

    public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) =>
        _view.Current.Members.Values
            .Where(member => !onlyActive || member.Status == SiloStatus.Active)
            .ToDictionary(member => member.SiloAddress, member => member.Status);

    public SiloAddress[] GetActiveSilos() =>
        [.. _view.Current.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress)];

    public bool TryGetSiloName(SiloAddress siloAddress, out string siloName)
    {
        siloName = _view.Current.Members.GetValueOrDefault(siloAddress)?.Name ?? "";
        return siloName.Length > 0;
    }

    public bool IsFunctionalDirectory(SiloAddress siloAddress) =>
        siloAddress.Equals(SiloAddress) || !GetApproximateSiloStatus(siloAddress).IsTerminating();

    // Generation 0 stands for whoever listens at the endpoint.
    public bool IsDeadSilo(SiloAddress silo) => silo.Generation != 0 && !silo.Equals(SiloAddress) && GetApproximateSiloStatus(silo) == SiloStatus.Dead;

    public bool SubscribeToSiloStatusEvents(ISiloStatusListener observer) =>
        ImmutableInterlocked.Update(ref _listeners, static (set, item) => set.Add(item), observer);

    public bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer) =>
        ImmutableInterlocked.Update(ref _listeners, static (set, item) => set.Remove(item), observer);

    private void Notify(ClusterMembershipUpdate update)
    {
        foreach (var change in update.Changes)
        {
            foreach (var listener in _listeners)
            {
                try
                {
                    listener.SiloStatusChangeNotification(change.SiloAddress, change.Status);
                }
                catch (Exception exception)
                {
                    LogListenerFailed(exception, listener.GetType(), change.SiloAddress, change.Status);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Listener {Listener} failed when silo {Silo} became {Status}; others are told.")]
    private partial void LogListenerFailed(Exception exception, Type listener, SiloAddress silo, SiloStatus status);
}
