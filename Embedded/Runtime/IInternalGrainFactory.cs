namespace Orleans.Runtime;

/// <summary>References that only the runtime makes.</summary>
internal interface IInternalGrainFactory : IGrainFactory
{
    /// <summary>A reference to a service of a silo.</summary>
    /// <param name="grainType">Begins with <see cref="GrainTypePrefix.SystemTargetPrefix"/>.</param>
    TInterface GetSystemTarget<TInterface>(GrainType grainType, SiloAddress destination)
        where TInterface : ISystemTarget;
}
