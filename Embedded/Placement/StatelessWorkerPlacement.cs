using System.Globalization;
using Orleans.Metadata;

namespace Orleans.Runtime;

/// <summary>Several activations of one grain on each silo, close to the caller and known to nobody else.</summary>
[GenerateSerializer, Immutable, Alias("orleans.StatelessWorkerPlacement")]
internal sealed class StatelessWorkerPlacement : PlacementStrategy
{
    private const string MaxLocalKey = "max-local-instances";
    private const string RemoveIdleKey = "remove-idle-workers";

    /// <summary>As many as there are processors, removed when idle.</summary>
    public StatelessWorkerPlacement()
        : this(Environment.ProcessorCount)
    {
    }

    /// <param name="maxLocal">At least 1.</param>
    /// <param name="removeIdleWorkers">Whether idle workers end early.</param>
    public StatelessWorkerPlacement(int maxLocal, bool removeIdleWorkers = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLocal, 1);
        MaxLocal = maxLocal;
        RemoveIdleWorkers = removeIdleWorkers;
    }

    public override bool IsUsingGrainDirectory => false;

    /// <summary>How many activations of one grain a silo has at most.</summary>
    [Id(0)]
    public int MaxLocal { get; private set; }

    /// <summary>Whether idle workers end early.</summary>
    [Id(1)]
    public bool RemoveIdleWorkers { get; private set; }

    public override void Initialize(GrainProperties properties)
    {
        if (properties.Properties.TryGetValue(MaxLocalKey, out var maxLocal))
        {
            MaxLocal = int.Parse(maxLocal, CultureInfo.InvariantCulture);
        }

        if (properties.Properties.TryGetValue(RemoveIdleKey, out var removeIdle))
        {
            RemoveIdleWorkers = bool.Parse(removeIdle);
        }
    }

    public override void PopulateGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        base.PopulateGrainProperties(services, grainClass, grainType, properties);
        properties[MaxLocalKey] = MaxLocal.ToString(CultureInfo.InvariantCulture);
        properties[RemoveIdleKey] = RemoveIdleWorkers.ToString();
    }
}
