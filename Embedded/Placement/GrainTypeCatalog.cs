using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Metadata;
using Orleans.Runtime.Management;
using Orleans.Runtime.MembershipService;

namespace Orleans.Runtime.Placement;

/// <summary>Which silos host which grain types, and how these are placed. The one place where compatibility is decided. Thread-safe.</summary>
/// <remarks>Silos are asked for a grain type when it is placed first; the answer holds as long as the silo lives.</remarks>
internal sealed class GrainTypeCatalog(
    IServiceProvider services,
    ILocalSiloDetails silo,
    MembershipView membership,
    ILocalGrainTypes localTypes,
    Func<SiloAddress, ISiloControl> silos,
    IOptions<SiloMessagingOptions> options)
{
    private readonly ConcurrentDictionary<GrainType, Entry> _entries = [];

    /// <summary>Learns what it takes to place a grain type. Completes at once unless a silo must be asked.</summary>
    public ValueTask PrepareAsync(GrainType grainType)
    {
        var snapshot = membership.Current;
        return _entries.TryGetValue(grainType, out var entry) && entry.Version == snapshot.Version
            ? ValueTask.CompletedTask
            : new ValueTask(PrepareAsync(grainType, snapshot));
    }

    /// <summary>Active silos that host the type, in the order of their addresses. Owned by the catalog.</summary>
    public SiloAddress[] GetCompatibleSilos(GrainType grainType) => _entries.TryGetValue(grainType, out var entry) ? entry.Compatible : [];

    /// <summary>How the type is placed.</summary>
    /// <exception cref="OrleansException">No strategy of that name is registered.</exception>
    public PlacementStrategy GetStrategy(GrainType grainType)
    {
        var entry = _entries[grainType];
        return entry.Strategy ??= CreateStrategy(grainType, entry.Properties);
    }

    private async Task PrepareAsync(GrainType grainType, ClusterMembershipSnapshot snapshot)
    {
        var known = _entries.GetValueOrDefault(grainType);
        var active = new List<SiloAddress>();
        foreach (var member in snapshot.Members.Values)
        {
            if (member.Status == SiloStatus.Active)
            {
                active.Add(member.SiloAddress);
            }
        }

        active.Sort();
        var answers = await Task.WhenAll(active.ConvertAll(member => GetPropertiesAsync(member, grainType, known))).ConfigureAwait(false);
        _entries[grainType] = CreateEntry(active, answers, snapshot.Version, known);
    }

    private Entry CreateEntry(List<SiloAddress> active, Dictionary<string, string>?[] answers, MembershipVersion version, Entry? known)
    {
        var hosts = new Dictionary<SiloAddress, Dictionary<string, string>?>();
        var compatible = new List<SiloAddress>();
        Dictionary<string, string>? any = null;
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] == Unknown)
            {
                // That silo is asked again: the entry counts as out of date.
                version = MembershipVersion.MinValue;
                continue;
            }

            hosts[active[i]] = answers[i];
            if (answers[i] is not null)
            {
                compatible.Add(active[i]);
                any ??= answers[i];
            }
        }

        return new Entry
        {
            Version = version,
            Hosts = hosts,
            Compatible = [.. compatible],
            Properties = hosts.GetValueOrDefault(silo.SiloAddress) ?? any,
            Strategy = known?.Strategy,
        };
    }

    private static readonly Dictionary<string, string> Unknown = [];

    private async Task<Dictionary<string, string>?> GetPropertiesAsync(SiloAddress member, GrainType grainType, Entry? known)
    {
        if (member.Equals(silo.SiloAddress) || options.Value.AssumeHomogenousSilosForTesting)
        {
            return localTypes.GetProperties(grainType);
        }

        if (known is not null && known.Hosts.TryGetValue(member, out var properties))
        {
            return properties;
        }

        try
        {
            return await silos(member).GetGrainPropertiesAsync(grainType).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            return Unknown;
        }
    }

    private PlacementStrategy CreateStrategy(GrainType grainType, Dictionary<string, string>? properties)
    {
        if (properties is null || !properties.TryGetValue(WellKnownGrainTypeProperties.PlacementStrategy, out var name))
        {
            return services.GetRequiredService<PlacementStrategy>();
        }

        var strategy = services.GetKeyedService<PlacementStrategy>(name)
            ?? throw new OrleansException($"Grain type {grainType} is placed by '{name}', which is not registered. "
                + "Call AddPlacementDirector on every silo.");
        strategy.Initialize(new GrainProperties(properties.ToImmutableDictionary()));
        return strategy;
    }

    private sealed class Entry
    {
        public required MembershipVersion Version { get; init; }

        /// <summary>What silos have answered; null: the silo does not host the type.</summary>
        public required Dictionary<SiloAddress, Dictionary<string, string>?> Hosts { get; init; }

        public required SiloAddress[] Compatible { get; init; }

        public required Dictionary<string, string>? Properties { get; init; }

        public PlacementStrategy? Strategy { get; set; }
    }
}
