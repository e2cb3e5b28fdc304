namespace Orleans.Runtime;

/// <summary>A service of one silo that others call by naming the silo. Its requests interleave at every await, and run one turn at a time.</summary>
internal abstract class SystemTarget : ISystemTarget
{
    /// <param name="grainType">Begins with <see cref="GrainTypePrefix.SystemTargetPrefix"/>; one per service.</param>
    protected SystemTarget(GrainType grainType, SiloAddress silo)
    {
        Silo = silo;
        GrainId = GrainId.Create(grainType, silo.ToParsableString());
    }

    public GrainId GrainId { get; }

    public SiloAddress Silo { get; }

    public GrainReference GrainReference { get; internal set; } = null!;
}
