using System.Globalization;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Dpark.Conformance.Placement;

/// <summary>Places a grain by the parameter of its class's attribute, which travels in the properties of the class.</summary>
[Serializable, GenerateSerializer, Immutable, Alias("conformance.RankedPlacementStrategy")]
public sealed class RankedPlacementStrategy : PlacementStrategy
{
    private const string RankKey = "conformance-rank";

    public RankedPlacementStrategy()
    {
    }

    public RankedPlacementStrategy(int rank) => Rank = rank;

    [Id(0)]
    public int Rank { get; private set; }

    public override void Initialize(GrainProperties properties) => Rank = int.Parse(properties.Properties[RankKey], CultureInfo.InvariantCulture);

    public override void PopulateGrainProperties(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        base.PopulateGrainProperties(services, grainClass, grainType, properties);
        properties[RankKey] = Rank.ToString(CultureInfo.InvariantCulture);
    }
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class RankedPlacementAttribute(int rank) : PlacementAttribute(new RankedPlacementStrategy(rank));

/// <summary>Takes the caller's word <c>rank</c> before that of the strategy.</summary>
public sealed class RankedPlacementDirector : IPlacementDirector
{
    public const string RankOfCaller = "rank";

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var rank = target.RequestContextData?.TryGetValue(RankOfCaller, out var value) == true ? (int)value : ((RankedPlacementStrategy)strategy).Rank;
        var silos = context.GetCompatibleSilos(target).Order().ToArray();
        return context.LocalSiloStatus == SiloStatus.Active && silos.Contains(context.LocalSilo)
            ? Task.FromResult(silos[rank])
            : throw new InvalidOperationException("The context of placement contradicts itself.");
    }
}
