using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Placement;

/// <summary>Places a grain on the silo that its key names; see <see cref="WorkerPlacementDirector"/>.</summary>
[Serializable, GenerateSerializer, Immutable, Alias("dpark.WorkerPlacement")]
public sealed class WorkerPlacement : PlacementStrategy
{
}

/// <summary>Marks a grain class whose keys are worker ids.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class WorkerPlacementAttribute : PlacementAttribute
{
    /// <summary>Makes the mark.</summary>
    public WorkerPlacementAttribute()
        : base(new WorkerPlacement())
    {
    }
}
