using Xunit.Sdk;

namespace Dpark.Conformance.Clusters;

/// <summary>A test of what happens to processes. Skipped where silos have none of their own; the trait lets a run leave it out by <c>Hosting!=Process</c>.</summary>
[TraitDiscoverer(HostingTraitDiscoverer.Name, HostingTraitDiscoverer.Assembly)]
public sealed class ProcessFactAttribute : FactAttribute, ITraitAttribute
{
    public ProcessFactAttribute()
    {
        if (ClusterHosting.IsInProcess)
        {
            Skip = "Needs silos in processes of their own.";
        }
    }
}
