using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.MembershipService;

namespace Orleans.Runtime.Placement;

/// <summary>Asks the director of a grain's strategy where to activate it. Thread-safe.</summary>
internal sealed class PlacementService(IServiceProvider services, ILocalSiloDetails silo, MembershipView membership, GrainTypeCatalog types)
    : IPlacementService, IPlacementContext
{
    private readonly ConcurrentDictionary<Type, IPlacementDirector> _directors = [];

    public SiloAddress LocalSilo => silo.SiloAddress;

    public SiloStatus LocalSiloStatus => membership.Current.GetSiloStatus(silo.SiloAddress);

    public async ValueTask<SiloAddress> PlaceAsync(GrainId grain, Message message)
    {
        await types.PrepareAsync(grain.Type).ConfigureAwait(false);
        var target = new PlacementTarget(grain, message.RequestContextData, message.InterfaceType, 0);
        ThrowIfNoneCompatible(target, types.GetCompatibleSilos(grain.Type));
        var strategy = types.GetStrategy(grain.Type);
        return await GetDirector(strategy).OnAddActivation(strategy, target, this).ConfigureAwait(false)
            ?? throw new OrleansException($"Grain {grain} was not placed: the director of {strategy.GetType()} named no silo. "
                + "It must name one or throw.");
    }

    public SiloAddress[] GetCompatibleSilos(PlacementTarget target)
    {
        var compatible = types.GetCompatibleSilos(target.GrainIdentity.Type);
        ThrowIfNoneCompatible(target, compatible);

        // Directors may do with it what they like.
        return [.. compatible];
    }

    public IReadOnlyDictionary<ushort, SiloAddress[]> GetCompatibleSilosWithVersions(PlacementTarget target) =>
        new Dictionary<ushort, SiloAddress[]> { [target.InterfaceVersion] = GetCompatibleSilos(target) };

    private void ThrowIfNoneCompatible(PlacementTarget target, SiloAddress[] compatible)
    {
        if (compatible.Length == 0)
        {
            var active = membership.Current.Members.Values.Count(member => member.Status == SiloStatus.Active);
            throw new OrleansException(
                $"No active nodes are compatible with grain {target.GrainIdentity.Type} and interface {target.InterfaceType}: of {active} active silos none hosts its class. "
                + $"Silo {LocalSilo} is {LocalSiloStatus}.");
        }
    }

    private IPlacementDirector GetDirector(PlacementStrategy strategy) =>
        _directors.GetOrAdd(
            strategy.GetType(),
            static (type, services) => services.GetKeyedService<IPlacementDirector>(type)
                ?? throw new OrleansException($"No director is registered for the placement strategy {type}. "
                    + "Call AddPlacementDirector on every silo."),
            services);
}
